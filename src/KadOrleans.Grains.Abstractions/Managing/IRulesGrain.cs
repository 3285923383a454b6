using KadOrleans.Core.Admission;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Abstractions.Managing;

/// <summary>
/// What an operator has set while the cluster runs, for all its edges. Key: <see cref="GrainKeys.Singleton"/>. A change is durable when its
/// call returns, and has been sent to all live edges by then. Each edge also asks for the newest rules with each renewal of its lease.
/// </summary>
[Alias("kad.IRulesGrain")]
[Version(0)]
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

    /// <summary>For edges: the newest rules, or null if the edge follows them.</summary>
    /// <param name="edgeName">The caller's name.</param>
    /// <param name="known">The <see cref="EdgeRules.Version"/> that it follows, 0 before the first.</param>
    [AlwaysInterleave]
    [Alias("Fetch")]
    ValueTask<EdgeRules?> FetchAsync(string edgeName, long known);
}

/// <summary>What is in force in a cluster.</summary>
/// <param name="Bans">The bans, the oldest first.</param>
/// <param name="Missing">The names of the edges that do not follow all of it yet.</param>
[GenerateSerializer]
[Alias("kad.ClusterRules")]
internal sealed record ClusterRules(
    [property: Id(0)] IReadOnlyList<RuleBan> Bans, [property: Id(1)] IReadOnlyList<string> Missing);

/// <summary>A ban.</summary>
/// <param name="Ban">As <see cref="Ban.ToString"/> writes it.</param>
/// <param name="Since">When it was made.</param>
[GenerateSerializer]
[Alias("kad.RuleBan")]
internal sealed record RuleBan([property: Id(0)] string Ban, [property: Id(1)] DateTimeOffset Since);

/// <summary>The result of a change of the rules.</summary>
/// <param name="Changed">Whether something had to be changed.</param>
/// <param name="Missing">The names of the edges that do not follow all rules yet.</param>
[GenerateSerializer]
[Alias("kad.RuleChange")]
internal sealed record RuleChange([property: Id(0)] bool Changed, [property: Id(1)] IReadOnlyList<string> Missing);

/// <summary>What an edge has to follow.</summary>
/// <param name="Version">Grows with each change; 0 if there never was one.</param>
/// <param name="Bans">As <see cref="Ban.ToString"/> writes them.</param>
[GenerateSerializer]
[Alias("kad.EdgeRules")]
internal sealed record EdgeRules([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<string> Bans);
