namespace KadOrleans.Node;

/// <summary>Changes an operator's bans and limits one after the other, durably, and applies them.</summary>
internal sealed class NodeRuleBook(Func<DhtNode> engine, IManagementStore store, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile NodeRules _rules = NodeRules.None;

    public NodeRules Rules => _rules;

    /// <summary>Loads and applies what earlier runs saved, before the node receives.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    public async Task LoadAsync(DhtNode node, CancellationToken cancellationToken)
    {
        _rules = await store.LoadAsync(cancellationToken);
        Follow(node, _rules);
    }

    /// <summary>Returns false if nothing had to be changed.</summary>
    public Task<bool> BanAsync(Ban ban, bool isBanned, CancellationToken cancellationToken) => ChangeAsync(
        (node, rules) => (isBanned ? BanBook.Add(rules.Bans, ban, [node.Id], time.GetUtcNow()) : BanBook.Remove(rules.Bans, ban)) is { } bans
            ? rules with { Bans = bans }
            : null,
        cancellationToken);

    /// <summary>Null sets the limit back. Returns false if nothing had to be changed.</summary>
    public Task<bool> SetLimitAsync(string name, long? value, CancellationToken cancellationToken) => ChangeAsync(
        (node, rules) => LimitBook.Set(rules.Limits, name, value, node.Options.MostKeys, time.GetUtcNow()) is { } limits ? rules with { Limits = limits } : null,
        cancellationToken);

    public void Dispose() => _turn.Dispose();

    private static void Follow(DhtNode node, NodeRules rules) =>
        node.Rules.Follow(new BanSet(rules.Bans.Select(entry => entry.Ban)), rules.Limits);

    // Not cancelled once it has begun: it would be done by half.
    private async Task<bool> ChangeAsync(Func<DhtNode, NodeRules, NodeRules?> change, CancellationToken cancellationToken)
    {
        var node = engine();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (change(node, _rules) is not { } changed)
            {
                return false;
            }

            await store.SaveAsync(changed, CancellationToken.None);
            _rules = changed;
            Follow(node, changed);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }
}
