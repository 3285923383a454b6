using KadOrleans.Core;
using KadOrleans.Node;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>What requests are sent to.</summary>
/// <param name="name">For the report.</param>
/// <param name="endpoint">Where it listens.</param>
/// <param name="protocol">What it speaks.</param>
/// <param name="senders">The id that each source asks under.</param>
internal sealed class LoadTarget(string name, UdpEndpoint endpoint, ILoadProtocol protocol, NodeId[] senders)
{
    public string Name => name;

    public UdpEndpoint Endpoint => endpoint;

    public ILoadProtocol Protocol => protocol;

    public NodeId[] Senders => senders;

    /// <summary>Its process, if that is ours: then processor time, memory and collections can be known.</summary>
    public ChildCommand? Process { get; init; }

    /// <summary>What came of it while it was measured.</summary>
    public LoadResult Result { get; } = new();

    /// <summary>Whether it is asked from <see cref="LoopbackSources"/>; else from where the system chooses.</summary>
    public bool IsLocal => endpoint.IsLoopback;

    /// <summary>The same with nothing measured yet.</summary>
    public LoadTarget Anew() => new(name, endpoint, protocol, senders) { Process = Process };

    /// <summary>An echo, which knows nobody.</summary>
    public static LoadTarget Echo(string name, ChildCommand process, int sources) =>
        new(name, process.Endpoint, new PeerResponder([]), [.. Enumerable.Repeat(DhtNode.ClientId, sources)]) { Process = process };
}

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
