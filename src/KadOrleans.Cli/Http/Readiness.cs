using KadOrleans.Node;

namespace KadOrleans.Cli.Http;

/// <summary>
/// Whether a node is ready: it can store, and a contact answers it or it is its network's first. One that cannot store still serves what it
/// holds.
/// </summary>
/// <param name="Status"><see cref="Ok"/>, or what is missing in a word.</param>
/// <param name="Reason">The same in a sentence, where there is more to say.</param>
internal readonly record struct Readiness(string Status, string? Reason)
{
    /// <summary>The status of a node that is ready.</summary>
    public const string Ok = "ok";

    public bool IsReady => Status == Ok;

    /// <param name="node">A started node.</param>
    /// <param name="isFirst">Whether the node is ready without contacts.</param>
    public static Readiness Of(KadNode node, bool isFirst) => node switch
    {
        { StorageProblem: { } problem } => new Readiness("storageFails", problem),
        _ when isFirst || node.Engine.HasGoodContact => new Readiness(Ok, null),
        { RoutingTable.Count: > 0 } => new Readiness("noContactAnswers", null),
        _ => new Readiness("noContacts", null),
    };
}
