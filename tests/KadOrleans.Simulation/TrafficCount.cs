namespace KadOrleans.Simulation;

/// <summary>Datagrams of one type, with all that was lost on the way.</summary>
/// <param name="Requests">Requests, retries included.</param>
/// <param name="Answers">Answers.</param>
/// <param name="Datagrams">Both.</param>
/// <param name="Bytes">Bytes of both, without the headers of IP and UDP.</param>
public readonly record struct TrafficCount(long Requests, long Answers, long Datagrams, long Bytes)
{
    /// <summary>Both together.</summary>
    public static TrafficCount operator +(TrafficCount left, TrafficCount right) => left.Add(right);

    /// <summary>Both together.</summary>
    public TrafficCount Add(TrafficCount other) => new(
        Requests + other.Requests, Answers + other.Answers, Datagrams + other.Datagrams, Bytes + other.Bytes);

    internal TrafficCount WithRequest(int bytes) => WithOther(bytes) with { Requests = Requests + 1 };

    internal TrafficCount WithOther(int bytes) => this with { Datagrams = Datagrams + 1, Bytes = Bytes + bytes };
}
