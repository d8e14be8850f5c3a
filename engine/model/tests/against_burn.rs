//! The fused network and burn's stock one agree, forward and backward.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use burn::module::Param;
use burn::nn::{Linear, Lstm, LstmConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use model::lstm::{Batches, Example, Loss, Shape, Target, Weights};
use std::num::NonZeroUsize;

const STEPS: usize = 9;
const ROWS: usize = 21;
const SHAPE: Shape = Shape { features: 6, hidden: 20, layers: 2, outputs: 3 };

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|at| ((at * at * 29 + at * 13) % 1999) as f32 / 999.5 - 1.0).collect()
}

/// Rows and one gate's columns of a layer's matrix.
fn part(weights: &Weights, layer: usize, rows: std::ops::Range<usize>, gate: usize) -> Vec<f32> {
    let (hidden, columns) = (SHAPE.hidden, SHAPE.columns());
    let matrix = &weights.layers[layer];
    rows.flat_map(|row| matrix[row * columns + gate * hidden..][..hidden].to_vec()).collect()
}

fn matrix(data: Vec<f32>, columns: usize, device: &Device) -> Param<Tensor<2>> {
    let rows = data.len() / columns;
    Param::from_tensor(Tensor::from_data(TensorData::new(data, [rows, columns]), device))
}

fn stock(weights: &Weights, layer: usize, device: &Device) -> Lstm {
    let (inputs, hidden) = (SHAPE.inputs(layer), SHAPE.hidden);
    let mut lstm = LstmConfig::new(inputs, hidden, true).init(device);
    let set = |transform: &mut Linear, rows: std::ops::Range<usize>, bias, gate| {
        transform.weight = matrix(part(weights, layer, rows, gate), hidden, device);
        let bias = TensorData::new(bias, [hidden]);
        transform.bias = Some(Param::from_tensor(Tensor::from_data(bias, device)));
    };
    let forget = lstm.forget_gate.as_mut().unwrap();
    let gates =
        [&mut lstm.input_gate, forget, &mut lstm.cell_gate, &mut lstm.output_gate].into_iter();
    for (gate, controller) in gates.enumerate() {
        let bias = part(weights, layer, inputs..inputs + 1, gate);
        set(&mut controller.input_transform, 0..inputs, bias, gate);
        let own = inputs + 1..inputs + 1 + hidden;
        set(&mut controller.hidden_transform, own, vec![0.0; hidden], gate);
    }
    lstm
}

fn close(one: &[f32], other: &[f32], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    let scale = other.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        assert!((one - other).abs() <= 2e-5 * scale, "{what}, {at}: {one} and {other} of {scale}");
    }
}

#[test]
fn losses_and_gradients_are_those_of_burns_autodiff() {
    let device = Device::flex().autodiff();
    let weights = Weights::random(SHAPE, 4);
    let windows = numbers(ROWS * STEPS * SHAPE.features);
    let class = |row: usize| row * 7 % 3;
    let class_weights = [1.0, 0.5, 2.0];

    let layers: Vec<Lstm> = (0..2).map(|layer| stock(&weights, layer, &device)).collect();
    let x = TensorData::new(windows.clone(), [ROWS, STEPS, SHAPE.features]);
    let mut outputs: Tensor<3> = Tensor::from_data(x, &device);
    for layer in &layers {
        outputs = layer.forward(outputs, None).0;
    }
    let last: Tensor<2> = outputs.narrow(1, STEPS - 1, 1).squeeze_dim(1);
    let (factors, bias) = weights.head.split_at(SHAPE.hidden * 3);
    let factors = matrix(factors.to_vec(), 3, &device);
    let bias = matrix(bias.to_vec(), 3, &device);
    let logits = last.matmul(factors.val()) + bias.val();
    let mut right = vec![0.0_f32; ROWS * 3];
    (0..ROWS).for_each(|row| right[row * 3 + class(row)] = class_weights[class(row)]);
    let right: Tensor<2> = Tensor::from_data(TensorData::new(right, [ROWS, 3]), &device);
    let loss = (log_softmax(logits, 1) * right).sum().neg() / ROWS as f32;
    let burns_loss = loss.clone().into_scalar::<f32>();
    let grads = loss.backward();

    let examples: Vec<Example<'_>> = windows
        .chunks(STEPS * SHAPE.features)
        .enumerate()
        .map(|(row, window)| Example { window, target: Target::Class(class(row)), number: 0 })
        .collect();
    let loss = Loss::CrossEntropy { weights: class_weights.to_vec() };
    let mut batches = Batches::new(&weights, STEPS, NonZeroUsize::MIN);
    let (total, gradient) = batches.gradient(&examples, &loss, None);
    assert!((total / ROWS as f64 - f64::from(burns_loss)).abs() < 1e-5, "{total} {burns_loss}");

    let of = |param: &Param<Tensor<2>>| {
        param.val().grad(&grads).unwrap().into_data().try_to_vec::<f32>().unwrap()
    };
    close(&gradient.head[..SHAPE.hidden * 3], &of(&factors), "head");
    close(&gradient.head[SHAPE.hidden * 3..], &of(&bias), "the head's bias");
    for (number, lstm) in layers.iter().enumerate() {
        let inputs = SHAPE.inputs(number);
        let forget = lstm.forget_gate.as_ref().unwrap();
        for (gate, controller) in
            [&lstm.input_gate, forget, &lstm.cell_gate, &lstm.output_gate].into_iter().enumerate()
        {
            let what = format!("layer {number}, gate {gate}");
            let ours = part(&gradient, number, 0..inputs, gate);
            close(&ours, &of(&controller.input_transform.weight), &what);
            let ours = part(&gradient, number, inputs + 1..inputs + 1 + SHAPE.hidden, gate);
            close(&ours, &of(&controller.hidden_transform.weight), &what);
            let ours = part(&gradient, number, inputs..inputs + 1, gate);
            let bias = controller.input_transform.bias.as_ref().unwrap();
            let bias = bias.val().grad(&grads).unwrap().into_data().try_to_vec::<f32>().unwrap();
            close(&ours, &bias, &what);
        }
    }
}
