using KadOrleans.Core;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>What a <see cref="LoadGenerator"/> sends.</summary>
/// <param name="Operation">What is asked, over and over.</param>
/// <param name="Keys">The keys and targets, over and over: 20 bytes each, one behind the other.</param>
/// <param name="InFlight">Requests under way at most.</param>
/// <param name="Duration">How long requests are sent.</param>
internal sealed record Load(BenchOperation Operation, byte[] Keys, int InFlight, TimeSpan Duration)
{
    /// <summary>Requests per second, sent when they are due; null sends one whenever another was answered or given up.</summary>
    public int? Rate { get; init; }

    /// <summary>The ids that sources ask under, if not those of the target.</summary>
    public NodeId[]? Senders { get; init; }

    /// <summary>Requests after which it ends.</summary>
    public long MostRequests { get; init; } = long.MaxValue;
}
