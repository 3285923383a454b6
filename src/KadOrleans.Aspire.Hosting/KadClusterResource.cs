using KadOrleans.Aspire.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// A KadOrleans cluster of an app host. Its silos and edges are resources below it. It runs while one of its silos does, and is healthy
/// while all of them are ready.
/// </summary>
public sealed class KadClusterResource : Resource
{
    internal KadClusterResource(string name, string folder, ParameterResource token, string? server)
        : base(name) => (Folder, Token, Server, Storage) = (folder, token, server, new SqliteFolder(this));

    /// <summary>The folder of the app host's machine with the cluster's files: the tokens, and the SQLite file unless storage is elsewhere.</summary>
    public string Folder { get; internal set; }

    /// <summary>
    /// The token for the console, the HTTP API and <c>kad admin</c>. It has every scope: read, write, view, manage and keep.
    /// </summary>
    public ParameterResource Token { get; }

    /// <summary>The silos, in the order in which they were added. Each serves HTTP at its endpoint <c>http</c>.</summary>
    public IReadOnlyList<IResourceWithEndpoints> Silos => [.. Members.Where(member => member.IsSilo).Select(member => member.Resource)];

    /// <summary>
    /// The edges, in the order in which they were added. Each is a Kademlia node at its endpoint <c>udp</c>. A cluster on SQLite without edges
    /// of its own has one in its silo, from the start of the app host on.
    /// </summary>
    public IReadOnlyList<IResourceWithEndpoints> Edges => [.. Members.Where(member => member.IsEdge).Select(member => member.Resource)];

    internal string? Server { get; }

    internal ClusterStorage Storage { get; set; }

    internal List<ClusterMember> Members { get; } = [];

    /// <summary>Settings of all silos and edges, by their names, such as <c>Kad:Cluster:ShardBits</c>.</summary>
    internal Dictionary<string, object> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    internal ClusterStates States { get; } = new();
}
