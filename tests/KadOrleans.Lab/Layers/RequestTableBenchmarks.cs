using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

/// <summary>
/// A request of ours and its answer while many others are under way: what identifying, remembering and timing it costs. The
/// oldest is answered, to a thousand endpoints in turn, well before its time is over.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The library calls the cleanup.")]
public class RequestTableBenchmarks : IRequestObserver
{
    private const int Endpoints = 1_000;

    private readonly CountingTransport _transport = new();
    private readonly Queue<PingCall> _underWay = [];
    private readonly byte[] _answer = new byte[Datagram.MaxLength];
    private RequestTable _table = null!;
    private int _answerLength;
    private uint _next;

    [Params(10, 10_000)]
    public int UnderWay { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        _table = new RequestTable(_transport, TimeProvider.System, new CryptographicRandomSource(), this);
        _answerLength = ResponseWriter.WritePong(_answer, SampleDatagrams.Id, SampleNetwork.OwnId);
        for (var i = 0; i < UnderWay; i++)
        {
            Ask();
        }
    }

    [GlobalCleanup]
    public void Stop() => _table.Dispose();

    [Benchmark]
    public bool AskAndAnswer()
    {
        Ask();
        var oldest = _underWay.Dequeue();
        return _table.Complete(oldest.Key.Id, _answer.AsSpan(Datagram.HeaderLength.._answerLength), oldest.Destination);
    }

    private void Ask()
    {
        var endpoint = UdpEndpoint.FromIPv4(0x0B00_0001 + (_next++ % Endpoints), 8468);
        var call = new PingCall(endpoint, null, SampleNetwork.OwnId, static (_, _, _) => { });
        _table.Send(call);
        _underWay.Enqueue(call);
    }

    void IRequestObserver.OnAddressProved(OutgoingRequest request)
    {
    }

    void IRequestObserver.OnAnswered(OutgoingRequest request)
    {
    }

    void IRequestObserver.OnFailed(OutgoingRequest request, RequestFailure failure)
    {
    }

    void IRequestObserver.OnFault(Exception fault)
    {
    }
}
