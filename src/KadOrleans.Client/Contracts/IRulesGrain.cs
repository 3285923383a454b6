using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace KadOrleans.Client;

// What an operator has set while the cluster runs. Key: GrainKeys.Singleton. A change is durable when its call returns, and was sent
// to all live edges. Each edge also asks for the newest rules with each renewal of its lease, each silo every 15 s.
[Alias("kad.IRulesGrain")]
[Version(1)]
[OpenTo(Callers.Silos)]
internal interface IRulesGrain : IGrainWithIntegerKey
{
    /// <summary>How long one edge may take to follow a change. With the write it is below the 5 s that a ban may take.</summary>
    static readonly TimeSpan PushTimeout = TimeSpan.FromSeconds(4);

    /// <summary>What is in force. Sends it to the edges that do not follow it yet.</summary>
    [Alias("Get")]
    ValueTask<ClusterRules> GetAsync();

    /// <summary>Adds or removes a ban, as <see cref="Ban.ToString"/> writes it. An <see cref="ArgumentException"/> says why it is not allowed.</summary>
    [Alias("Ban")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<RuleChange> BanAsync(string ban, bool isBanned);

    /// <summary>Changes a limit; null restores the setting. An <see cref="ArgumentException"/> says why it is not allowed.</summary>
    [Alias("SetLimit")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<RuleChange> SetLimitAsync(string name, long? value);

    // For an edge by its name, or a silo by its address: the newest rules, or null if it follows them. It follows the
    // EdgeRules.Version that is known, 0 before the first.
    [AlwaysInterleave]
    [Alias("Fetch")]
    [OpenTo(Callers.Clients)]
    ValueTask<EdgeRules?> FetchAsync(string name, long known);
}

/// <summary>What is in force in a cluster: the bans, the oldest first, and who does not follow all of it yet.</summary>
[GenerateSerializer]
[Alias("kad.ClusterRules")]
internal sealed record ClusterRules(
    [property: Id(0)] IReadOnlyList<RuleBan> Bans, [property: Id(1)] IReadOnlyList<string> Missing)
{
    /// <summary>The limits, in the order of <see cref="Limit.All"/>.</summary>
    [Id(2)]
    public IReadOnlyList<ClusterLimit> Limits { get; init; } = [];

    [Id(3)]
    public IReadOnlyList<string> MissingSilos { get; init; } = [];
}

/// <summary>A limit, with the members of <see cref="LimitDetails"/>. The setting is null if each edge has its own.</summary>
[GenerateSerializer]
[Alias("kad.ClusterLimit")]
internal sealed record ClusterLimit(
    [property: Id(0)] string Name,
    [property: Id(1)] long? Setting,
    [property: Id(2)] long? Value,
    [property: Id(3)] DateTimeOffset? Since,
    [property: Id(4)] long Most);

[GenerateSerializer]
[Alias("kad.RuleLimit")]
internal sealed record RuleLimit([property: Id(0)] string Name, [property: Id(1)] long Value, [property: Id(2)] DateTimeOffset Since);

/// <summary>A ban, as <see cref="Ban.ToString"/> writes it.</summary>
[GenerateSerializer]
[Alias("kad.RuleBan")]
internal sealed record RuleBan([property: Id(0)] string Ban, [property: Id(1)] DateTimeOffset Since);

/// <summary>Whether something had to be changed, and the names of the edges, and addresses of silos, that do not follow all rules yet.</summary>
[GenerateSerializer]
[Alias("kad.RuleChange")]
internal sealed record RuleChange([property: Id(0)] bool Changed, [property: Id(1)] IReadOnlyList<string> Missing);

/// <summary>What an edge or a silo has to follow. The version grows with each change; it is 0 if there never was one.</summary>
[GenerateSerializer]
[Alias("kad.EdgeRules")]
internal sealed record EdgeRules([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<string> Bans)
{
    [Id(2)]
    public IReadOnlyList<RuleLimit> Limits { get; init; } = [];

    public IEnumerable<LimitEntry> LimitEntries => Limits.Select(limit => new LimitEntry(limit.Name, limit.Value, limit.Since));
}
