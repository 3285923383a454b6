namespace KadOrleans.Node;

/// <summary>A request and its retry. Either a true <see cref="TryComplete"/> or <see cref="OnFailed"/> ends it.</summary>
internal abstract class OutgoingRequest(UdpEndpoint destination, NodeId? expectedId)
{
    private int _ended;

    public UdpEndpoint Destination { get; } = destination;

    public NodeId? ExpectedId { get; } = expectedId;

    public abstract RequestKind Kind { get; }

    /// <summary>Whether its datagram asks for a write token.</summary>
    public virtual bool AsksForToken => false;

    /// <summary>Round trips that are waited for before the retry: with 2 the destination may first ask for a proof of this node's address.</summary>
    public virtual int ExpectedRoundTrips => 1;

    /// <summary>Whether there is a retry where the destination has answered nothing since an earlier request to it got none.</summary>
    public virtual bool RetriesUnresponsive => true;

    /// <summary>Whether there is a retry only if the destination has answered something since this was sent.</summary>
    public bool NeedsSignOfLife { get; set; }

    public RequestKey Key { get; set; }

    /// <summary>The retry has its own message id, so the round trip of either response is known.</summary>
    public RequestKey RetryKey { get; set; }

    public byte[] Datagram { get; set; } = [];

    public long SentAt { get; set; }

    public long RetriedAt { get; set; }

    public TimeSpan RoundTrip { get; set; }

    public bool IsRetry { get; set; }

    public long Due { get; set; }

    /// <summary>Written by <see cref="RequestDeadlines"/>, which orders requests by both.</summary>
    public long QueueNumber { get; set; }

    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>An id for the request or its retry.</summary>
    public virtual MessageId CreateId(IRandomSource random) => MessageId.Random(random);

    /// <summary>Returns the length, or 0 if the request cannot be written.</summary>
    public abstract int Write(Span<byte> destination, MessageId id);

    /// <summary>Returns false if the body is malformed.</summary>
    public abstract bool TryComplete(ReadOnlySpan<byte> body);

    /// <summary>The retry timeout is over, and the retry is sent next.</summary>
    public abstract void OnUnresponsive();

    public abstract void OnFailed(RequestFailure failure);
}

internal readonly record struct RequestKey(MessageId Id, UdpEndpoint Destination);
