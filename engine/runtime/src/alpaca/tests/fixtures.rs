//! Payloads as Alpaca has published them, in its documentation, its API descriptions and the tests
//! of its SDKs.

pub(super) const ACCOUNT: &str = r#"{"id":"1d9eed04-be39-4e01-9b84-a48ac5bbafcf",
    "account_number":"PALPACA_123","status":"ACTIVE","crypto_status":"ACTIVE","crypto_tier":1,
    "currency":"USD","cash":"122086.5","equity":"123346.11","last_equity":"122011.09751111286868",
    "portfolio_value":"123346.11","position_market_value":"1259.61","long_market_value":"1259.61",
    "short_market_value":"0","buying_power":"245432.61","effective_buying_power":"245432.61",
    "regt_buying_power":"245432.61","non_marginable_buying_power":"122086.5",
    "options_buying_power":"122716.305","multiplier":"2","initial_margin":"629.8",
    "maintenance_margin":"377.88","last_maintenance_margin":"480.73","sma":"123369.74",
    "accrued_fees":"0","pending_reg_taf_fees":"0","pending_transfer_in":"0",
    "intraday_adjustments":"0","balance_asof":"2023-09-27","created_at":"2023-01-01T18:20:20.272275Z",
    "options_trading_level":2,"shorting_enabled":true,"trade_suspended_by_user":false,
    "trading_blocked":false,"transfers_blocked":false,"account_blocked":false,
    "admin_configurations":{},"user_configurations":null}"#;

pub(super) const ORDER: &str = r#"{"id":"7b08df51-c1ac-453c-99f9-323a5f075f0d",
    "client_order_id":"tw-5e5510a0-7","created_at":"2023-12-12T22:31:24.668464435Z",
    "updated_at":"2023-12-12T22:31:24.668464435Z","submitted_at":"2023-12-12T22:31:24.577215743Z",
    "filled_at":null,"expired_at":null,"canceled_at":null,"failed_at":null,"replaced_at":null,
    "replaced_by":null,"replaces":null,"asset_id":"b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
    "symbol":"AAPL","asset_class":"us_equity","notional":null,"qty":"2","filled_qty":"0",
    "filled_avg_price":null,"order_class":"","order_type":"limit","type":"limit","side":"buy",
    "time_in_force":"gtc","limit_price":"150","stop_price":null,"status":"accepted",
    "extended_hours":false,"legs":null,"trail_percent":null,"trail_price":null,"hwm":null,
    "subtag":null,"source":null}"#;

pub(super) const POSITIONS: &str = r#"[{"asset_id":"b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
    "symbol":"AAPL","exchange":"NASDAQ","asset_class":"us_equity","asset_marginable":false,"qty":"2",
    "qty_available":"2","avg_entry_price":"174.78","side":"long","market_value":"348.58",
    "cost_basis":"349.56","unrealized_pl":"-0.98","unrealized_plpc":"-0.0028035244307129",
    "unrealized_intraday_pl":"-0.98","unrealized_intraday_plpc":"-0.0028035244307129",
    "current_price":"174.29","lastday_price":"174.61","change_today":"-0.0018326556325525"}]"#;

pub(super) const FILL_ACTIVITY: &str = r#"{"activity_type":"FILL",
    "id":"20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e","cum_qty":"2","leaves_qty":"0",
    "order_id":"b5abe576-6a8a-49f3-a353-46b72c1ccae9","order_status":"filled","price":"174.78",
    "qty":"2","side":"buy","symbol":"AAPL","transaction_time":"2022-02-02T18:55:09.981482Z",
    "type":"fill"}"#;

pub(super) const FEE_ACTIVITY: &str = r#"{"activity_type":"FEE",
    "id":"20220203000000000::045b3b8d-c566-4bef-b741-2bf598dd6ae7","date":"2022-02-03",
    "net_amount":"-0.02","description":"TAF fee for proceed of 10 shares (2 trades) on 2022-02-02",
    "status":"executed"}"#;

pub(super) const CLOCK: &str = r#"{"timestamp":"2025-06-24T14:15:22-04:00","is_open":true,
    "next_open":"2025-06-25T09:30:00-04:00","next_close":"2025-06-24T16:00:00-04:00"}"#;

pub(super) const CALENDAR: &str = r#"[
    {"date":"2025-01-02","open":"09:30","close":"16:00","session_open":"0400",
     "session_close":"2000","settlement_date":"2025-01-03"},
    {"date":"2025-07-03","open":"09:30","close":"13:00","session_open":"0400",
     "session_close":"1700","settlement_date":"2025-07-07"}]"#;

pub(super) const ASSET: &str = r#"{"id":"8ccae427-5dd0-45b3-b5fe-7ba5e422c766","class":"us_equity",
    "exchange":"NASDAQ","symbol":"TSLA","name":"Tesla, Inc. Common Stock","status":"active",
    "tradable":true,"marginable":true,"shortable":true,"easy_to_borrow":true,"fractionable":true}"#;

pub(super) const BARS: &str = r#"{"bars":{"AAPL":[{"t":"2022-01-03T09:00:00Z","o":178.26,"h":178.26,
    "l":178.21,"c":178.21,"v":1118,"n":65,"vw":178.235733}]},
    "next_page_token":"QUFQTHxNfDIwMjItMDEtMDNUMDk6MDA6MDAuMDAwMDAwMDAwWg=="}"#;

/// A fill as the documentation shows it: two time offsets in one order.
pub(super) const FILL: &str = r#"{"event":"fill",
    "execution_id":"2f63ea93-423d-4169-b3f6-3fdafc10c418","order":{
    "id":"a5be8f5e-fdfa-41f5-a644-7a74fe947a8f","client_order_id":"tw-5e5510a0-3",
    "asset_class":"crypto","asset_id":"1cf35270-99ee-44e2-a77f-6fab902c7f80","symbol":"SOLUSD",
    "side":"sell","type":"market","order_type":"market","order_class":"","time_in_force":"gtc",
    "qty":"1790.86","notional":null,"filled_qty":"1790.86","filled_avg_price":"105.8988475",
    "limit_price":null,"stop_price":null,"status":"filled","extended_hours":false,"legs":null,
    "hwm":null,"trail_percent":null,"trail_price":null,
    "created_at":"2022-04-19T13:45:04.981350886-04:00",
    "submitted_at":"2022-04-19T13:45:04.980944666-04:00",
    "updated_at":"2022-04-19T13:45:05.027690731-04:00","filled_at":"2022-04-19T17:45:05.024916716Z",
    "cancel_requested_at":null,"canceled_at":null,"expired_at":null,"failed_at":null,
    "replaced_at":null,"replaced_by":null,"replaces":null},"position_qty":"0",
    "price":"105.8988475","qty":"1790.86","timestamp":"2022-04-19T17:45:05.024916716Z"}"#;

/// One of each kind of the market data stream, three of them for symbols of the tests.
pub(super) const FRAME: &str = r#"[
    {"T":"t","i":96921,"S":"AAPL","x":"D","p":126.55,"s":1,"t":"2021-02-22T15:51:44.208Z","c":["@","I"],"z":"C"},
    {"T":"q","S":"AAPL","bx":"U","bp":87.66,"bs":1,"ax":"Q","ap":87.68,"as":4,"t":"2021-02-22T15:51:45.335689322Z","c":["R"],"z":"C"},
    {"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":461,"vw":389.062639,"t":"2021-02-22T19:15:00Z"},
    {"T":"c","S":"EEM","x":"M","oi":52983525033527,"op":39.1582,"os":440000,"oc":[" ","7"],"ci":52983525034326,"cp":39.1809,"cs":440000,"cc":[" ","7"],"z":"B","t":"2023-04-06T14:25:06.542305024Z"},
    {"T":"x","S":"GOOGL","i":465,"x":"D","p":105.31,"s":300,"a":"C","z":"C","t":"2023-04-06T13:15:42.83540958Z"},
    {"T":"l","S":"IONM","u":3.24,"d":2.65,"i":"B","t":"2023-04-06T13:34:45.565004401Z","z":"C"},
    {"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Trading Halted; For information requested by NASDAQ","t":"2021-02-22T19:15:00Z","z":"C"},
    {"T":"i","S":"INAQU","p":9.12,"z":"C","t":"2024-12-13T19:58:09.242138635Z"}]"#;

pub(super) const CONTROL: [&str; 4] = [
    r#"[{"T":"success","msg":"connected"}]"#,
    r#"[{"T":"error","code":406,"msg":"connection limit exceeded"}]"#,
    r#"[{"T":"subscription","trades":["AAPL"],"quotes":["AMD","CLDR"],"bars":["*"],"updatedBars":[],"dailyBars":[],"statuses":[],"lulds":[],"corrections":["AAPL"],"cancelErrors":["AAPL"]}]"#,
    r#"[{"T":"tradewind_step","step":3,"time":"2011-01-03T14:31:00.000000000Z","trade_updates":2,"order_streams":1,"end":false},{"T":"b","S":"SPY","o":126.71,"h":126.75,"l":126.7,"c":126.75,"v":1000,"t":"2011-01-03T14:30:00Z"}]"#,
];

/// The order stream around an update.
pub(super) fn trade_update(data: &str) -> String {
    format!(r#"{{"stream":"trade_updates","data":{data}}}"#)
}
