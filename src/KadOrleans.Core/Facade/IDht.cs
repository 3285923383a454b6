namespace KadOrleans;

/// <summary>
/// A distributed hash table: one node in this process, or a cluster. A program moves from one to the other by changing what it
/// registers. <see cref="DhtExtensions"/> adds text keys and typed values, <see cref="DhtJsonExtensions"/> objects, and
/// <see cref="SignedItemExtensions"/> items that only their owner replaces. Safe for any number of callers at once.
/// </summary>
public interface IDht
{
    /// <summary>
    /// Waits until the DHT can reach the network: a contact answers the node, or the cluster has a live edge. The first node of a network has
    /// nobody to join and is ready when it has started.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the host stops.</exception>
    /// <exception cref="ObjectDisposedException">The host or the node has stopped.</exception>
    Task WaitUntilReadyAsync(CancellationToken cancellationToken = default);

    /// <summary>Gets the value of a key: the one held here if it can be trusted, else the network's.</summary>
    /// <exception cref="DhtUnavailableException">The storage or every edge failed: the key may have a value.</exception>
    Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a value and publishes it again each day (Kademlia §2.5), until <see cref="UnpublishAsync"/> or until another node
    /// publishes another value under the key. A client-only node publishes once.
    /// </summary>
    /// <param name="key">Where it is stored.</param>
    /// <param name="value">At most 8,137 bytes of content (<see cref="DhtValue.ContentLength"/>).</param>
    /// <param name="acknowledgement">The acknowledgement to await.</param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    /// <exception cref="ArgumentException">The value is empty or too large; nothing was stored.</exception>
    /// <exception cref="DhtUnavailableException">The storage failed; the value may have been stored.</exception>
    Task<SetResult> SetAsync(
        NodeId key, DhtValue value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a value for a time, awaits the network, and does not publish the value again. Who holds another value of the key that lives
    /// longer refuses this one. So does this DHT while it publishes another value of the key.
    /// </summary>
    /// <param name="key">Where it is stored.</param>
    /// <param name="value">At most 8,137 bytes of content (<see cref="DhtValue.ContentLength"/>).</param>
    /// <param name="life">
    /// 1 s to 365 days. Whole seconds count. A node holds it at most for its own time to live, a week by default. Nodes of Python's
    /// <c>kademlia</c> do not know it, and hold the value as any other.
    /// </param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    /// <exception cref="ArgumentException">The value is empty or too large, or the life is not allowed; nothing was stored.</exception>
    /// <exception cref="DhtUnavailableException">The storage failed; the value may have been stored.</exception>
    Task<SetResult> SetAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a value if the key has the expected version, as a get or a set returned it: of several calls that name the same one at most one is done.
    /// It is decided with the write, where this DHT holds or publishes the key. Of <see cref="ValueVersion.Nothing"/>, and of the digest of a value that a
    /// lookup alone found, a lookup decides, and then that this DHT holds nothing still; other nodes of the network may store between.
    /// </summary>
    /// <param name="key">Where it is stored.</param>
    /// <param name="value">At most 8,137 bytes of content (<see cref="DhtValue.ContentLength"/>). It may be that which is held: it has a new version.</param>
    /// <param name="expected">The version that the key must have.</param>
    /// <param name="acknowledgement">The acknowledgement to await; the network's with a life.</param>
    /// <param name="life">
    /// 1 s to 365 days for a value that is not published again, also in place of one that is published or lives longer. Null: it is published.
    /// </param>
    /// <param name="callId">
    /// A number of the caller's own for this call, drawn at random from all but 0, negative ones too, by which the same call, with the same value, may be
    /// repeated after an unclear end: it then finds its own success. 0: the call is not repeated.
    /// </param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    /// <returns>
    /// As of a set, with <see cref="SetResult.Version"/>. <see cref="SetResult.Local"/> is <see cref="StoreResult.Superseded"/>, and nothing was
    /// stored, if the key has another version. It is <see cref="StoreResult.Unknown"/> if the key has another version too, but the call may have been
    /// done before, by its id or as the cluster had to repeat it, and its value been replaced since. A publication whose STOREs all failed is
    /// remembered, and pending (<see cref="SetResult.IsPending"/>).
    /// </returns>
    /// <exception cref="ArgumentException">As of a set, or durable acknowledgement of a value with a life; nothing was stored.</exception>
    /// <exception cref="DhtUnavailableException">The storage failed; the value may have been stored.</exception>
    Task<SetResult> SetIfAsync(
        NodeId key,
        DhtValue value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes the value of a key from this DHT, and ends its publication, if the key has the expected version. What is stored later has a higher one. Copies in
    /// the network stay until they expire, and a get may find them.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="expected">
    /// The version that it must have. With that of nothing, or the digest of a value that a lookup found, there is nothing here to remove: the result is
    /// <see cref="DeleteResult.Superseded"/>.
    /// </param>
    /// <param name="callId">As of <see cref="SetIfAsync"/>.</param>
    /// <param name="cancellationToken">Gives up; it may have been removed by then.</param>
    /// <exception cref="DhtUnavailableException">The storage failed; the value may have been removed.</exception>
    Task<DeleteResult> DeleteIfAsync(
        NodeId key, ValueVersion expected, long callId = 0, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stops publishing a key, and keeping its item for the owner. Returns false if this DHT did neither. Copies in the network stay until they
    /// expire.
    /// </summary>
    /// <exception cref="DhtUnavailableException">The storage failed; the publication may have ended.</exception>
    Task<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Watches a key. The first element is the value that a get finds. Then comes each change that this DHT learns of, whoever stored the
    /// value. It learns by STOREs to its nodes, by its own calls, and by expiry. A slow reader gets the last change of several. A node that
    /// is not one of the k nearest to the key gets no STOREs of others.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the watch. It ends without an exception when the host begins to stop, or the node is disposed.</param>
    /// <exception cref="DhtUnavailableException">
    /// The first value cannot be read, the storage failed later, or this process has 65,536 watches.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled, or begun after the host has begun to stop.</exception>
    /// <exception cref="ObjectDisposedException">Begun after the host or the node has stopped.</exception>
    IAsyncEnumerable<KeyChange> WatchAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>Finds the contacts nearest to a target.</summary>
    /// <exception cref="DhtUnavailableException">No edge of the cluster can query the network.</exception>
    Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default);

    /// <summary>Sends a PING and waits for the response.</summary>
    /// <exception cref="ArgumentException">The address is not unicast, or the port is 0.</exception>
    /// <exception cref="DhtUnavailableException">No edge of the cluster can send it.</exception>
    Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default);

    /// <summary>Describes the nodes of this DHT: one, or those of the cluster's live edges.</summary>
    /// <exception cref="DhtUnavailableException">No silo of the cluster responds, or the storage failed.</exception>
    Task<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}

/// <summary>What a set of <see cref="IDht"/> awaits before it returns.</summary>
public enum SetAcknowledgement
{
    /// <summary>The nearest contacts of the network have responded or timed out: seconds.</summary>
    Network,

    /// <summary>
    /// The value is durable in this node's storage or in the cluster, or in memory if that is all the storage there is: milliseconds. The
    /// network gets it in the background. A client-only node has no storage and awaits the network.
    /// </summary>
    Durable,
}

/// <summary>What became of <see cref="IDht.DeleteIfAsync"/>.</summary>
public enum DeleteResult
{
    /// <summary>The value is gone, durably; also if this call had removed it before.</summary>
    Deleted,

    /// <summary>The key has another version, or this DHT holds nothing; nothing was changed.</summary>
    Superseded,

    /// <summary>The call may have been done before, and something was stored or removed since. Read the key again, and decide anew.</summary>
    Unknown,
}

/// <summary>
/// A part of the DHT that the call needs does not respond or failed: the storage, the silos, or every edge. The message names it. The
/// call may have been carried out.
/// </summary>
public class DhtUnavailableException : Exception
{
    /// <summary>A part of the DHT is unavailable.</summary>
    public DhtUnavailableException() : base("The DHT does not respond.")
    {
    }

    /// <summary>A part of the DHT is unavailable, explained.</summary>
    public DhtUnavailableException(string message) : base(message)
    {
    }

    /// <summary>A part of the DHT is unavailable, explained, with its cause.</summary>
    public DhtUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
