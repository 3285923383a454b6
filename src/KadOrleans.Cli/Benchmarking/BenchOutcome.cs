using KadOrleans.Core;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>What <c>kad bench</c> has measured.</summary>
/// <param name="Settings">What was asked for.</param>
/// <param name="Round">The requests, over and over.</param>
/// <param name="Result">The node.</param>
/// <param name="Echo">The echo that takes a datagram a call, if one was measured.</param>
/// <param name="BatchedEcho">The echo that takes many.</param>
internal sealed record BenchOutcome(
    BenchSettings Settings, RequestTemplate[] Round, LoadResult Result, LoadResult? Echo, LoadResult? BatchedEcho)
{
    public UdpEndpoint Target { get; init; }

    public int Sources { get; init; }
}
