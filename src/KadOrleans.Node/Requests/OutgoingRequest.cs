using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>
/// One request of ours and its retry. Exactly one of <see cref="TryComplete"/> (with true) and
/// <see cref="OnFailed"/> ends it, called from a receiving or a timer thread.
/// </summary>
internal abstract class OutgoingRequest(UdpEndpoint destination, NodeId? expectedId)
{
    public UdpEndpoint Destination { get; } = destination;

    /// <summary>The id under which the destination is known, if it is.</summary>
    public NodeId? ExpectedId { get; } = expectedId;

    public RequestKey Key { get; set; }

    /// <summary>The bytes that were sent, kept for the retry.</summary>
    public byte[] Datagram { get; set; } = [];

    /// <summary>Timestamp of the first sending.</summary>
    public long SentAt { get; set; }

    /// <summary>Whether the retry is out. The answer may be to either, so its round trip is known only from above.</summary>
    public bool IsRetry { get; set; }

    /// <summary>Whether it asks who is there, so that patience with a stranger holds nothing else up.</summary>
    public virtual bool IsIntroduction => false;

    /// <summary>Writes the datagram and returns its length, or 0 if the request cannot be written.</summary>
    public abstract int Write(Span<byte> destination, MessageId id);

    /// <summary>Takes the body of the answer; false if it is no answer to this request.</summary>
    public abstract bool TryComplete(ReadOnlySpan<byte> body);

    /// <summary>The usual time for an answer is over; the retry is about to go out.</summary>
    public virtual void OnLate()
    {
    }

    /// <summary>There will be no answer.</summary>
    public abstract void OnFailed(RequestFailure failure);
}
