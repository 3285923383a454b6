using KadOrleans.Core.Estimation;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>How one node id of an edge is doing.</summary>
/// <param name="Id">The id, as hexadecimal digits.</param>
/// <param name="Listening">What it is bound to.</param>
/// <param name="Contacts">Contacts in its table.</param>
/// <param name="TableVersion">The version of the snapshot that it answers from.</param>
public sealed record EdgeNodeOverview(string Id, IReadOnlyList<string> Listening, int Contacts, long TableVersion)
{
    /// <summary>How many nodes the network has by this id's last lookups, or null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize { get; init; }
}
