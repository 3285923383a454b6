using BenchmarkDotNet.Attributes;
using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Benchmarks;

/// <summary>From messages to bytes: the answers of a node.</summary>
public class EncodingBenchmarks
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly Contact[] _contacts = SampleNetwork.CreateContacts(SampleNetwork.BucketSize);

    [Benchmark]
    public int EncodePong() => ResponseWriter.WritePong(_buffer, SampleDatagrams.Id, SampleNetwork.OwnId);

    [Benchmark]
    public int EncodeNodes() => ResponseWriter.WriteNodes(_buffer, SampleDatagrams.Id, _contacts);

    [Benchmark]
    public int EncodeValue() => ResponseWriter.WriteValue(_buffer, SampleDatagrams.Id, SampleDatagrams.Value);
}
