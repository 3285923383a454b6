using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Node.Clocks;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Joining;
using KadOrleans.Node.Maintenance;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Values;

namespace KadOrleans.Node;

/// <content>What is asked of the node.</content>
public sealed partial class KadNode
{
    /// <summary>
    /// Joins the network through other nodes, given as HOST:PORT, this once. Nodes of <see cref="KadNodeOptions.Bootstrap"/>
    /// are tried again until one answers: see <see cref="JoinAsync"/>.
    /// </summary>
    /// <returns>What came of each, and of the lookup of the own id that followed.</returns>
    public Task<BootstrapResult> BootstrapAsync(IEnumerable<string> nodes, CancellationToken cancellationToken = default) =>
        Engine.BootstrapAsync(nodes, cancellationToken);

    /// <summary>Gets the value of a text key: the SHA-1 of its UTF-8 is looked up.</summary>
    public Task<GetResult> GetAsync(string key, CancellationToken cancellationToken = default) =>
        Engine.GetAsync(NodeId.FromKey(key), cancellationToken);

    /// <inheritdoc cref="DhtNode.GetAsync"/>
    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default) =>
        Engine.GetAsync(key, cancellationToken);

    /// <summary>Stores a value under a text key: the SHA-1 of its UTF-8.</summary>
    /// <inheritdoc cref="SetAsync(NodeId, DhtValue, CancellationToken)"/>
    public Task<SetResult> SetAsync(string key, DhtValue value, CancellationToken cancellationToken = default) =>
        SetAsync(NodeId.FromKey(key), value, cancellationToken);

    /// <summary>
    /// Stores a value on the k nearest contacts, and here if this node is one of the k nearest. From then on the node
    /// publishes it again each day (Kademlia §2.5), until <see cref="UnpublishAsync(NodeId, CancellationToken)"/> or until
    /// somebody else publishes another value under the key. A client does not.
    /// </summary>
    /// <exception cref="ArgumentException">The value can't be stored anywhere; nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled: during the lookup nothing was stored, later some copies may have been. It is not published again.
    /// </exception>
    public async Task<SetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default)
    {
        var result = await Engine.SetAsync(key, value, cancellationToken);
        if (_options.ClientOnly || !result.Succeeded)
        {
            return result;
        }

        var remembered = await _publications.PutAsync(
            key, new Publication(value, _environment.Time.GetUtcNow()), cancellationToken);
        if (remembered != StoreResult.Stored)
        {
            _logger.NotRemembered(key, remembered);
        }

        return result with { Publication = remembered };
    }

    /// <summary>Publishes a text key no more; false if this node did not.</summary>
    /// <inheritdoc cref="UnpublishAsync(NodeId, CancellationToken)"/>
    public Task<bool> UnpublishAsync(string key, CancellationToken cancellationToken = default) =>
        UnpublishAsync(NodeId.FromKey(key), cancellationToken);

    /// <summary>Publishes a key no more; false if this node did not. The copies that are out live on until they expire.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public async Task<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default) =>
        await _publications.RemoveAsync(key, cancellationToken);

    /// <inheritdoc cref="DhtNode.FindNodeAsync"/>
    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        Engine.FindNodeAsync(target, cancellationToken);

    /// <inheritdoc cref="DhtNode.PingAsync"/>
    public Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default) =>
        Engine.PingAsync(endpoint, cancellationToken);

    /// <inheritdoc cref="DhtNode.GetVisibleAddressesAsync"/>
    public Task<IReadOnlyList<VisibleAddress>> GetVisibleAddressesAsync(
        int contacts = 20, CancellationToken cancellationToken = default) =>
        Engine.GetVisibleAddressesAsync(contacts, cancellationToken);

    /// <summary>The contacts nearest to this node, nearest first: what another run can bootstrap from.</summary>
    public IReadOnlyList<Contact> GetBootstrappableNeighbors() => Engine.Nearest(Id, _options.Kademlia.BucketSize);

    /// <summary>Refreshes the table by random walks: asked for, or by itself. Starts and stops with the node.</summary>
    public RoutingTableRefreshManager RefreshManager =>
        _walks ?? throw new InvalidOperationException("The node has not been started.");

    /// <summary>Looks up a random id in every bucket that had no lookup for an hour (Kademlia §2.3).</summary>
    public Task RefreshAsync(CancellationToken cancellationToken = default) =>
        (_maintenance ?? throw new InvalidOperationException("The node has not been started."))
            .RefreshAsync(_refresh!.GetDueBuckets(_table!.Describe(), _environment.Time.GetUtcNow()), cancellationToken);

    /// <summary>Saves the id and contacts now, beside the times when the node does so itself.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public Task SaveStateAsync(CancellationToken cancellationToken = default) =>
        (_saver ?? throw new InvalidOperationException("The node has not been started.")).SaveAsync(cancellationToken);

    /// <summary>How the node is doing.</summary>
    public async Task<NodeStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var usage = await _store.GetUsageAsync(cancellationToken);
        return new NodeStatus(Id, LocalEndpoints, _table!.Describe(), usage, Engine.Counts)
        {
            NetworkSize = Engine.NetworkSize,
            StorageProblem = StorageProblem,
            Clock = _clock?.Status ?? new ClockStatus(true, TimeSpan.Zero),
            Turnover = _store.Turnover,
            TopChanges = _store.GetTopChanges(10),
        };
    }
}
