namespace KadOrleans.Node.Requests;

/// <summary>Why a request of ours got no usable answer.</summary>
public enum RequestFailure
{
    /// <summary>No answer came to the request nor to its retry.</summary>
    TimedOut,

    /// <summary>Something came back that is no answer to such a request.</summary>
    Malformed,

    /// <summary>The system would not send it: no route, or no socket of that address family.</summary>
    Unreachable,

    /// <summary>The node stopped, or the caller gave up.</summary>
    Cancelled,
}
