namespace KadOrleans;

/// <summary>The result of a ping.</summary>
/// <param name="Id">The id of the node that responded; null without a response, or from a client.</param>
/// <param name="Failure">Why there was no response; null if there was one.</param>
/// <param name="RoundTrip">Time from the first datagram to the response or the timeout.</param>
public sealed record PingResult(NodeId? Id, RequestFailure? Failure, TimeSpan RoundTrip)
{
    /// <summary>Whether there was a response.</summary>
    public bool Answered => Failure is null;
}

/// <summary>Why a request got no usable response.</summary>
public enum RequestFailure
{
    /// <summary>No response came to the request nor to its retry.</summary>
    TimedOut,

    /// <summary>Something came back that is no response to such a request.</summary>
    Malformed,

    /// <summary>The system would not send it: no route, or no socket of that address family.</summary>
    Unreachable,

    /// <summary>The node stopped, or the caller gave up.</summary>
    Cancelled,
}
