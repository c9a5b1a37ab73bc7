//! To which account a run keeps.

use super::*;

/// An account that knows to which one a run keeps.
struct Keeping(Arc<dyn Cloud>, Arc<Mutex<Vec<SafeText>>>);

impl Cloud for Keeping {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        self.0.ask(query)
    }
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        self.0.change(change, token)
    }
    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }
    fn live(&self, group: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        self.0.live(group)
    }
    fn now(&self) -> Millis {
        self.0.now()
    }
    fn about(&self) -> About {
        self.0.about()
    }
    fn keep_to(&self, account: &SafeText) {
        self.1.lock().unwrap().push(account.clone());
    }
}

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
        let kept = Arc::default();
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
        let want = if is_kept { vec![account] } else { Vec::new() };
        assert_eq!(*kept.lock().unwrap(), want, "{line}");
    }
}
