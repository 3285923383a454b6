using KadOrleans.Core.Admission;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Managing;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Managing;

/// <summary>What an operator has set, as stored, and which edges follow it, in memory.</summary>
internal sealed class RulesGrain(
    [PersistentState(StateNames.Rules, GrainStorageName.Kad)] IPersistentState<RulesState> state,
    StateVersion version,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<RulesGrain> logger) : Grain, IRulesGrain
{
    // The version that each edge follows, by its name. Unknown after a move until the edge asks, one renewal later at most.
    private readonly Dictionary<string, long> _followed = [];

    // What is durable. Edges that ask during a write get this.
    private RulesState _current = new();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        version.Check(state.State.SchemaVersion, StateNames.Rules);
        _current = state.State;
        return Task.CompletedTask;
    }

    public async ValueTask<ClusterRules> GetAsync() =>
        new([.. _current.Bans.Select(ban => new RuleBan(ban.Ban, ban.Since))], await SendAsync(await ListEdgesAsync()));

    public async ValueTask<RuleChange> BanAsync(string ban, bool isBanned)
    {
        var (parsed, edges) = (Ban.Parse(ban), await ListEdgesAsync());
        var bans = _current.Entries;
        var changed = isBanned
            ? BanBook.Add(bans, parsed, edges.SelectMany(edge => edge.NodeIds), time.GetUtcNow())
            : BanBook.Remove(bans, parsed);
        if (changed is not null)
        {
            await WriteAsync(new RulesState
            {
                Version = _current.Version + 1,
                Bans = [.. changed.Select(entry => new BanState { Ban = entry.Ban.ToString(), Since = entry.Since })],
            });
        }

        return new RuleChange(changed is not null, await SendAsync(edges));
    }

    public ValueTask<EdgeRules?> FetchAsync(string edgeName, long known)
    {
        if (known != _current.Version)
        {
            return ValueTask.FromResult<EdgeRules?>(Rules);
        }

        _followed[edgeName] = known;
        return ValueTask.FromResult<EdgeRules?>(null);
    }

    private EdgeRules Rules => new(_current.Version, [.. _current.Bans.Select(ban => ban.Ban)]);

    private async Task<IReadOnlyList<EdgeName>> ListEdgesAsync()
    {
        var edges = await GrainFactory.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetNamesAsync();

        // Others are forgotten, so that generated names do not fill the memory.
        foreach (var gone in _followed.Keys.Except(edges.Select(edge => edge.Name)).ToList())
        {
            _followed.Remove(gone);
        }

        return edges;
    }

    /// <summary>Sends the rules to those who do not follow them, and returns the names of those who still do not.</summary>
    private async Task<IReadOnlyList<string>> SendAsync(IReadOnlyList<EdgeName> edges)
    {
        var rules = Rules;
        await Task.WhenAll(edges.Where(edge => edge.Live is not null && !Follows(edge)).Select(edge => SendAsync(edge, rules)));

        // A released name has no process that serves it.
        return [.. edges.Where(edge => !edge.IsReleased && !Follows(edge)).Select(edge => edge.Name).Order(StringComparer.Ordinal)];
    }

    private bool Follows(EdgeName edge) => _followed.TryGetValue(edge.Name, out var known) ? known == _current.Version : _current.Version == 0;

    private async Task SendAsync(EdgeName edge, EdgeRules rules)
    {
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

    private async Task WriteAsync(RulesState changed)
    {
        state.State = version.Stamp(changed);
        try
        {
            await state.WriteStateAsync();
            _current = changed;
        }
        catch
        {
            // The outcome of the write is unknown, so the next call reads the state again.
            DeactivateOnIdle();
            throw;
        }
    }
}

/// <summary>What an operator has set, as stored.</summary>
[GenerateSerializer]
[Alias("kad.RulesState")]
internal sealed class RulesState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>Grows with each change.</summary>
    [Id(1)]
    public long Version { get; set; }

    /// <summary>The oldest first.</summary>
    [Id(2)]
    public List<BanState> Bans { get; set; } = [];

    /// <summary>The bans, parsed. One that this release cannot read is left out.</summary>
    public IReadOnlyList<BanEntry> Entries => BanEntry.Read(Bans.Select(ban => (ban.Ban, ban.Since)));
}

/// <summary>A ban, as stored.</summary>
[GenerateSerializer]
[Alias("kad.BanState")]
internal sealed class BanState
{
    /// <summary>As <see cref="KadOrleans.Core.Admission.Ban.ToString"/> writes it.</summary>
    [Id(0)]
    public string Ban { get; set; } = string.Empty;

    [Id(1)]
    public DateTimeOffset Since { get; set; }
}
