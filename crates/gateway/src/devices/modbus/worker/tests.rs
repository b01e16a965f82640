use std::sync::Arc;

use boshi_protocol::lane::Motion;
use tokio::sync::watch;

use boshi_protocol::id::DeviceNo;

use super::*;
use crate::config::{COMMENTED, Config};
use crate::devices::health::STILL_THERE;
use crate::devices::order::Orders;

/// OPEN-7: nobody speaks on the line here, as if all others on it were asked first.
#[tokio::test(start_paused = true)]
async fn a_command_does_not_wait_for_a_look_of_its_own_module() {
    let config = "name = \"M\"\naddress = \"/dev/ttyNONE\"\nmodule = \"plain\"";
    let config: config::Modbus = toml::from_str(config).unwrap();
    let wiring = Wiring::of(&config);
    let (line, _keeper) = Line::of(&config, 2);
    let mut link = Link::new(&line, wiring.peer, config.answer);
    let health = Health::new(STILL_THERE);
    let whole = Config::parse(COMMENTED).unwrap();
    let (_, in_force) = watch::channel(Arc::new(whole));
    let (orders, mut ordered) = Orders::new("模块", in_force);
    let barrier = DeviceNo::new("BAR").unwrap();
    let giving = orders.give(&barrier, Motion::Pulse);
    let looking = async {
        let call = wiring.look(1);
        let ahead = look(&mut ordered, None, &mut link, call, &health).await;
        let Ok(Err(Next::Order(Some(order)))) = ahead else {
            panic!("{ahead:?}");
        };
        assert!(matches!(order.motion, Motion::Pulse));
        order.ends(Ok(()));
        // Nor does the end of a pulse.
        let end = Some(Instant::now());
        let ahead = look(&mut ordered, end, &mut link, call, &health).await;
        assert!(matches!(ahead, Ok(Err(Next::EndPulse))), "{ahead:?}");
    };
    let (given, ()) = tokio::join!(giving, looking);
    assert_eq!(given, Ok(()));
}
