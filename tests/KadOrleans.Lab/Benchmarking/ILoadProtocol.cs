namespace KadOrleans.Lab.Benchmarking;

/// <summary>What a load must know of the protocol of its target. Message ids have 20 bytes. Used by one thread.</summary>
internal interface ILoadProtocol
{
    /// <summary>Sources that the target has pinged by now; any thread may read it.</summary>
    int SourcesPinged { get; }

    /// <summary>One round of an operation: a template per request.</summary>
    RequestTemplate[] RoundOf(BenchOperation operation);

    /// <summary>Where the message id of an answer begins; -1 if the datagram is none.</summary>
    int FindAnswer(ReadOnlySpan<byte> datagram);

    /// <summary>The answer to what the target asks; empty where there is none.</summary>
    /// <param name="request">The whole datagram.</param>
    /// <param name="source">Index of the source that was asked.</param>
    ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request, int source);
}
