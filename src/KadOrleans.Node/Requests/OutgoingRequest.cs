using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>
/// One request of ours and its retry. Exactly one of <see cref="TryComplete"/> (with true) and
/// <see cref="OnFailed"/> ends it, called from a receiving or a timer thread.
/// </summary>
internal abstract class OutgoingRequest(UdpEndpoint destination, NodeId? expectedId)
{
    /// <summary>The place of a request that is in no queue.</summary>
    public const int NotQueued = -1;

    private int _ended;

    public UdpEndpoint Destination { get; } = destination;

    /// <summary>The id under which the destination is known, if it is.</summary>
    public NodeId? ExpectedId { get; } = expectedId;

    /// <summary>What it asks for.</summary>
    public abstract RequestKind Kind { get; }

    public RequestKey Key { get; set; }

    /// <summary>
    /// What the answer to the retry comes under, once <see cref="IsRetry"/>: an id of its own, so that it is known which
    /// of the two was answered, and how quickly.
    /// </summary>
    public RequestKey RetryKey { get; set; }

    /// <summary>The bytes that were sent last, kept for the retry.</summary>
    public byte[] Datagram { get; set; } = [];

    /// <summary>Timestamp of the first sending.</summary>
    public long SentAt { get; set; }

    /// <summary>Timestamp of the retry, once <see cref="IsRetry"/>.</summary>
    public long RetriedAt { get; set; }

    /// <summary>From the sending that was answered to its answer, once there is one.</summary>
    public TimeSpan RoundTrip { get; set; }

    /// <summary>Whether the retry is out.</summary>
    public bool IsRetry { get; set; }

    /// <summary>Timestamp of what is to be done next if no answer comes; the <see cref="DeadlineQueue"/>'s.</summary>
    public long Due { get; set; }

    /// <summary>Where it is in the <see cref="DeadlineQueue"/>, whose alone this is.</summary>
    public int QueuePlace { get; set; } = NotQueued;

    /// <summary>Whether it has been answered or has failed.</summary>
    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Whether it asks who is there, so that patience with a stranger holds nothing else up.</summary>
    public virtual bool IsIntroduction => false;

    /// <summary>Claims the end; true for the first who does.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>Writes the datagram and returns its length, or 0 if the request cannot be written.</summary>
    public abstract int Write(Span<byte> destination, MessageId id);

    /// <summary>Takes the body of the response; false if it is malformed.</summary>
    public abstract bool TryComplete(ReadOnlySpan<byte> body);

    /// <summary>The usual time for an answer is over; the retry is about to go out.</summary>
    public virtual void OnLate()
    {
    }

    /// <summary>There will be no answer.</summary>
    public abstract void OnFailed(RequestFailure failure);
}

/// <summary>An answer counts only with the id that was sent and from the endpoint it was sent to.</summary>
internal readonly record struct RequestKey(MessageId Id, UdpEndpoint Destination);
