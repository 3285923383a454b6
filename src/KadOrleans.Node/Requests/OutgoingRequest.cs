using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>
/// One request of ours and its retry. Exactly one of <see cref="TryComplete"/> (with true) and
/// <see cref="OnFailed"/> ends it, called from a receiving or a timer thread.
/// </summary>
internal abstract class OutgoingRequest(UdpEndpoint destination, NodeId? expectedId)
{
    private int _ended;

    public UdpEndpoint Destination { get; } = destination;

    public NodeId? ExpectedId { get; } = expectedId;

    public abstract RequestKind Kind { get; }

    public RequestKey Key { get; set; }

    /// <summary>
    /// The key of the retry's response, once <see cref="IsRetry"/>. The retry has its own message id, so the round trip of either response
    /// is known.
    /// </summary>
    public RequestKey RetryKey { get; set; }

    /// <summary>The bytes sent last, kept for the retry.</summary>
    public byte[] Datagram { get; set; } = [];

    public long SentAt { get; set; }

    public long RetriedAt { get; set; }

    /// <summary>The time from the answered datagram to its response, once there is one.</summary>
    public TimeSpan RoundTrip { get; set; }

    public bool IsRetry { get; set; }

    /// <summary>The timestamp of the next deadline. Written by <see cref="RequestDeadlines"/>.</summary>
    public long Due { get; set; }

    /// <summary>Tells it from others of the same deadline. Written by <see cref="RequestDeadlines"/>.</summary>
    public long QueueNumber { get; set; }

    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Whether it is a ping of a stranger, whose longer timeout delays nothing else.</summary>
    public virtual bool IsIntroduction => false;

    /// <summary>Claims the end. Returns true for the first caller.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>Writes the datagram and returns its length, or 0 if the request cannot be written.</summary>
    public abstract int Write(Span<byte> destination, MessageId id);

    /// <summary>Takes the body of the response. Returns false if it is malformed.</summary>
    public abstract bool TryComplete(ReadOnlySpan<byte> body);

    /// <summary>Called when the retry timeout is over, before the retry is sent.</summary>
    public virtual void OnUnresponsive()
    {
    }

    public abstract void OnFailed(RequestFailure failure);
}

/// <summary>Identifies a response: it counts only with the message id that was sent, from the endpoint that it was sent to.</summary>
internal readonly record struct RequestKey(MessageId Id, UdpEndpoint Destination);
