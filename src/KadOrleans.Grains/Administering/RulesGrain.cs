namespace KadOrleans.Grains;

// What an operator has set, as stored, and which edges and silos follow it, in memory. Limits are a state of their own.
internal sealed class RulesGrain(
    [PersistentState(StateNames.Rules, GrainStorageName.Kad)] IPersistentState<RulesState> state,
    [PersistentState(StateNames.Limits, GrainStorageName.Kad)] IPersistentState<LimitsState> limitsState,
    IOptions<KadClusterOptions> options,
    ClusterLimits here,
    ISiloStatusOracle silos,
    ClusterTime time,
    ILogger<RulesGrain> logger) : Grain, IRulesGrain
{
    // The version that each edge and silo follows, by its name. Unknown after a move until it asks, one renewal later at most.
    private readonly Dictionary<string, long> _followed = [];

    // Edges that ask during a write get what was written before.
    private readonly WrittenState<RulesState> _rules = new(state, StateNames.Rules);
    private readonly WrittenState<LimitsState> _limits = new(limitsState, StateNames.Limits);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _rules.Load();
        _limits.Load();
        return Task.CompletedTask;
    }

    public async ValueTask<ClusterRules> GetAsync()
    {
        // A change whose outcome was unknown is shown as storage has it.
        await _rules.ConfirmAsync();
        await _limits.ConfirmAsync();
        var edges = await ListEdgesAsync();
        var missing = await SendAsync(edges);
        return new ClusterRules([.. _rules.Value.Bans.Select(ban => new RuleBan(ban.Ban, ban.Since))], missing)
        {
            Limits =
            [
                .. LimitDetails.List(here.Settings, _limits.Value.Entries, options.Value.MostKeys, isCluster: true)
                    .Select(limit => new ClusterLimit(limit.Limit.Name, limit.Setting, limit.Value, limit.Since, limit.Most)),
            ],
            MissingSilos = MissingSilos,
        };
    }

    public async ValueTask<RuleChange> BanAsync(string ban, bool isBanned)
    {
        var (parsed, edges) = (Ban.Parse(ban), await ListEdgesAsync());
        await _rules.ConfirmAsync();
        var bans = _rules.Value.Entries;
        var changed = isBanned
            ? BanBook.Add(bans, parsed, edges.SelectMany(edge => edge.NodeIds), time.GetUtcNow())
            : BanBook.Remove(bans, parsed);
        if (changed is not null)
        {
            await _rules.WriteAsync(new RulesState
            {
                Version = _rules.Value.Version + 1,
                Bans = [.. changed.Select(entry => new BanState(entry.Ban.ToString(), entry.Since))],
            });
        }

        return new RuleChange(changed is not null, await SendAsync(edges));
    }

    public async ValueTask<RuleChange> SetLimitAsync(string name, long? value)
    {
        var edges = await ListEdgesAsync();
        await _limits.ConfirmAsync();
        var changed = LimitBook.Set(_limits.Value.Entries, name, value, options.Value.MostKeys, time.GetUtcNow());
        if (changed is not null)
        {
            await _limits.WriteAsync(new LimitsState
            {
                Version = _limits.Value.Version + 1,
                Limits = [.. changed.Select(entry => new LimitState(entry.Name, entry.Value, entry.Since))],
            });
        }

        return new RuleChange(changed is not null, [.. await SendAsync(edges), .. MissingSilos]);
    }

    public ValueTask<EdgeRules?> FetchAsync(string name, long known)
    {
        if (known == Version)
        {
            _followed[name] = known;
        }

        return ValueTask.FromResult(known == Version ? null : Rules);
    }

    // Both versions grow, so their sum does.
    private long Version => _rules.Value.Version + _limits.Value.Version;

    private EdgeRules Rules => new(Version, [.. _rules.Value.Bans.Select(ban => ban.Ban)])
    {
        Limits = [.. _limits.Value.Limits.Select(limit => new RuleLimit(limit.Name, limit.Value, limit.Since))],
    };

    private IEnumerable<string> Silos => silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(ClusterLimits.NameOf);

    private IReadOnlyList<string> MissingSilos => [.. Silos.Where(name => !Follows(name)).Order(StringComparer.Ordinal)];

    private async Task<IReadOnlyList<EdgeName>> ListEdgesAsync()
    {
        var edges = await GrainFactory.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetNamesAsync();

        // Others are forgotten, so that generated names do not fill the memory.
        foreach (var gone in _followed.Keys.Except(edges.Select(edge => edge.Name)).Except(Silos).ToList())
        {
            _followed.Remove(gone);
        }

        return edges;
    }

    /// <summary>Sends the rules to the live edges that do not follow them, and returns the names of the edges that still do not.</summary>
    private async Task<IReadOnlyList<string>> SendAsync(IReadOnlyList<EdgeName> edges)
    {
        await Task.WhenAll(edges.Where(edge => edge.Live is not null && !Follows(edge.Name)).Select(SendAsync));

        // A released name has no process that serves it.
        return [.. edges.Where(edge => !edge.IsReleased && !Follows(edge.Name)).Select(edge => edge.Name).Order(StringComparer.Ordinal)];
    }

    private async Task SendAsync(EdgeName edge)
    {
        var rules = Rules;
        try
        {
            await edge.Live!.OnRulesAsync(rules).WaitAsync(IRulesGrain.PushTimeout, time);
            _followed[edge.Name] = rules.Version;
        }
        catch (Exception e)
        {
            logger.RulesNotTaken(edge.Name, e.Message);
        }
    }

    private bool Follows(string name) => _followed.TryGetValue(name, out var known) ? known == Version : Version == 0;
}
