//! To which account a run keeps.

use super::*;

#[tokio::test(start_paused = true)]
async fn whatever_writes_or_follows_keeps_to_its_account_also_where_nobody_watches() {
    for (line, is_kept) in [
        ("status", false),
        ("logs", false),
        ("logs --follow", false),
        ("sleep", true),
        ("scale litellm 2", true),
        ("deploy --param LogRetentionDays=14", true),
        ("deploy --watch", true),
        ("destroy --confirm bedrock-image-chat", true),
    ] {
        let kept: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut case = Case::new(Arc::new(Keeping(world("running"), Arc::clone(&kept))));
        if line == "logs --follow" {
            let signal = case.signal.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(9)).await;
                let _ = signal.send(130);
            });
        }
        case.run(line).await;
        let account = reads::identity(&*case.cx.cloud).await.unwrap().account;
        let want = if is_kept { vec![format!("keeps to {account}")] } else { Vec::new() };
        let mut noted = kept.lock().unwrap().clone();
        noted.retain(|it| it.starts_with("keeps to "));
        assert_eq!(noted, want, "{line}");
    }
}
