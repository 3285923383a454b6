using KadOrleans.Core.Admission;
using KadOrleans.Core.Limits;
using KadOrleans.Grains.Abstractions.Access;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Abstractions.Managing;

/// <summary>
/// What an operator has set while the cluster runs, for all its edges and silos. Key: <see cref="GrainKeys.Singleton"/>. A change is durable
/// when its call returns, and has been sent to all live edges. Each edge also asks for the newest rules with each renewal of its lease. Each
/// silo asks every 15 s.
/// </summary>
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

    /// <summary>Bans an id or a range, or ends a ban. An <see cref="ArgumentException"/> says why it is not allowed.</summary>
    /// <param name="ban">As <see cref="Ban.ToString"/> writes it.</param>
    /// <param name="isBanned">False ends the ban.</param>
    [Alias("Ban")]
    ValueTask<RuleChange> BanAsync(string ban, bool isBanned);

    /// <summary>Changes a limit. An <see cref="ArgumentException"/> says why it is not allowed.</summary>
    /// <param name="name">Which limit.</param>
    /// <param name="value">Its value. Null: that of the setting.</param>
    [Alias("SetLimit")]
    ValueTask<RuleChange> SetLimitAsync(string name, long? value);

    /// <summary>For edges and silos: the newest rules, or null if the caller follows them.</summary>
    /// <param name="name">The edge's name, or the silo's address.</param>
    /// <param name="known">The <see cref="EdgeRules.Version"/> that it follows, 0 before the first.</param>
    [AlwaysInterleave]
    [Alias("Fetch")]
    [OpenTo(Callers.Edges)]
    ValueTask<EdgeRules?> FetchAsync(string name, long known);
}

/// <summary>What is in force in a cluster.</summary>
/// <param name="Bans">The bans, the oldest first.</param>
/// <param name="Missing">The names of the edges that do not follow all of it yet.</param>
[GenerateSerializer]
[Alias("kad.ClusterRules")]
internal sealed record ClusterRules(
    [property: Id(0)] IReadOnlyList<RuleBan> Bans, [property: Id(1)] IReadOnlyList<string> Missing)
{
    /// <summary>The limits, in the order of <see cref="Limit.All"/>.</summary>
    [Id(2)]
    public IReadOnlyList<ClusterLimit> Limits { get; init; } = [];

    /// <summary>The addresses of the silos that do not follow all of it yet.</summary>
    [Id(3)]
    public IReadOnlyList<string> MissingSilos { get; init; } = [];
}

/// <summary>A limit and its value.</summary>
/// <param name="Name">The <see cref="Limit.Name"/>.</param>
/// <param name="Setting">The value of the silos' setting. Null if each edge has its own.</param>
/// <param name="Value">The value in force, null as for <paramref name="Setting"/>.</param>
/// <param name="Since">When it was changed; null if the setting is in force.</param>
/// <param name="Most">The most that is allowed.</param>
[GenerateSerializer]
[Alias("kad.ClusterLimit")]
internal sealed record ClusterLimit(
    [property: Id(0)] string Name,
    [property: Id(1)] long? Setting,
    [property: Id(2)] long? Value,
    [property: Id(3)] DateTimeOffset? Since,
    [property: Id(4)] long Most);

/// <summary>A limit that was changed.</summary>
/// <param name="Name">The <see cref="Limit.Name"/>.</param>
/// <param name="Value">Its value in place of the setting's.</param>
/// <param name="Since">When it was changed.</param>
[GenerateSerializer]
[Alias("kad.RuleLimit")]
internal sealed record RuleLimit([property: Id(0)] string Name, [property: Id(1)] long Value, [property: Id(2)] DateTimeOffset Since);

/// <summary>A ban.</summary>
/// <param name="Ban">As <see cref="Ban.ToString"/> writes it.</param>
/// <param name="Since">When it was made.</param>
[GenerateSerializer]
[Alias("kad.RuleBan")]
internal sealed record RuleBan([property: Id(0)] string Ban, [property: Id(1)] DateTimeOffset Since);

/// <summary>The result of a change of the rules.</summary>
/// <param name="Changed">Whether something had to be changed.</param>
/// <param name="Missing">The names of the edges that do not follow all rules yet; after a change of a limit the addresses of such silos, too.</param>
[GenerateSerializer]
[Alias("kad.RuleChange")]
internal sealed record RuleChange([property: Id(0)] bool Changed, [property: Id(1)] IReadOnlyList<string> Missing);

/// <summary>What an edge or a silo has to follow.</summary>
/// <param name="Version">Grows with each change; 0 if there never was one.</param>
/// <param name="Bans">As <see cref="Ban.ToString"/> writes them.</param>
[GenerateSerializer]
[Alias("kad.EdgeRules")]
internal sealed record EdgeRules([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<string> Bans)
{
    /// <summary>The changed limits.</summary>
    [Id(2)]
    public IReadOnlyList<RuleLimit> Limits { get; init; } = [];

    /// <summary>The same for decisions.</summary>
    public IEnumerable<LimitEntry> LimitEntries => Limits.Select(limit => new LimitEntry(limit.Name, limit.Value, limit.Since));
}
