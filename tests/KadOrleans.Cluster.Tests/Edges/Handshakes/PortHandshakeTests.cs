using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>Both sides of the handshake over pipes, and each side against who does not keep to it.</summary>
public sealed class PortHandshakeTests
{
    private static readonly ClusterKey Key = ClusterKey.Parse(ClusterKey.Create());
    private static readonly ClusterKey Other = ClusterKey.Parse(ClusterKey.Create());
    private static readonly PortTerms Terms = new(PortKind.Gateway, "kad");

    private readonly ManualTimeProvider _time = new();
    private readonly List<HandshakeEnd> _refused = [];

    [Fact]
    public async Task Who_has_the_key_is_let_in_and_what_follows_is_left_to_the_reader()
    {
        var (caller, listener) = Connected();
        var (read, written) = (string.Empty, false);
        var expecting = PortHandshake.ExpectAsync(
            listener,
            async inner => read = System.Text.Encoding.ASCII.GetString((await inner.Transport.Input.ReadAtLeastAsync(5)).Buffer.ToArray()),
            Terms,
            [Other, Key],
            _time,
            _refused.Add);
        await PortHandshake.MakeAsync(
            caller,
            async inner =>
            {
                await inner.Transport.Output.WriteAsync("first"u8.ToArray());
                written = true;
            },
            Terms,
            Key,
            _time);
        await expecting;
        Assert.Equal(("first", true), (read, written));
        Assert.Empty(_refused);
        Assert.False(listener.IsAborted);
    }

    [Theory]
    [InlineData("another key", "does not have the Kad:Cluster:GatewayKey of this process, and was told nothing")]
    [InlineData("another port", "says that this is its port for silos (Kad:Silo:Port), and its gateway (Kad:Silo:GatewayPort) is needed.")]
    [InlineData("another cluster", "says that its cluster is 'dak', not 'kad'; Orleans:ClusterId must be that of the cluster.")]
    [InlineData("a shorter cluster", "says that its cluster is 'ka', not 'kad'; Orleans:ClusterId must be that of the cluster.")]
    public async Task A_caller_learns_whom_it_met_and_tells_a_stranger_a_nonce_alone(string what, string sentence)
    {
        var (caller, listener) = Connected();
        var terms = what switch
        {
            "another port" => Terms with { Kind = PortKind.Silo },
            "another cluster" => Terms with { Cluster = "dak" },
            "a shorter cluster" => Terms with { Cluster = "ka" },
            _ => Terms,
        };
        var expecting = PortHandshake.ExpectAsync(listener, Unreached, terms, [what == "another key" ? Other : Key], _time, _refused.Add);
        var failure = await Assert.ThrowsAsync<HandshakeFailedException>(() => PortHandshake.MakeAsync(caller, Unreached, Terms, Key, _time));
        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
        await caller.Transport.Output.CompleteAsync();
        await expecting;
        Assert.Equal([HandshakeEnd.EndedEarly], _refused);
        Assert.True(listener.IsAborted);
        Assert.Equal(HandshakeBytes.HelloBytes, caller.Sent);
    }

    [Theory]
    [InlineData("", nameof(HandshakeEnd.EndedEarly))]
    [InlineData("hello/2", nameof(HandshakeEnd.EndedEarly))]
    [InlineData("hello", nameof(HandshakeEnd.EndedEarly))]
    [InlineData("hello garbage", nameof(HandshakeEnd.WrongProof))]
    [InlineData("hello listener", nameof(HandshakeEnd.WrongProof))]
    [InlineData("hello silo", nameof(HandshakeEnd.WrongProof))]
    [InlineData("orleans", nameof(HandshakeEnd.NoHandshake))]
    [InlineData("version", nameof(HandshakeEnd.NoHandshake))]
    public async Task Who_proves_nothing_is_counted_and_reaches_nothing(string sends, string end)
    {
        var (caller, listener) = Connected();
        var expecting = PortHandshake.ExpectAsync(listener, Unreached, Terms, [Key], _time, _refused.Add);
        var nonce = new byte[HandshakeBytes.NonceBytes];
        var hello = HandshakeBytes.WriteHello(nonce);
        var output = caller.Transport.Output;
        if (sends.StartsWith("hello ", StringComparison.Ordinal))
        {
            await output.WriteAsync(hello, TestContext.Current.CancellationToken);
            var challenge = await RawAsync(caller.Transport.Input);
            var proof = new byte[HandshakeBytes.ProofBytes];
            if (sends != "hello garbage")
            {
                HandshakeBytes.Prove(
                    Key,
                    sends == "hello listener" ? HandshakeSide.Listener : HandshakeSide.Caller,
                    sends == "hello silo" ? Terms with { Kind = PortKind.Silo } : Terms,
                    nonce,
                    HandshakeBytes.ReadChallenge(challenge).Nonce.Span,
                    proof);
            }

            await output.WriteAsync(proof, TestContext.Current.CancellationToken);
        }
        else
        {
            await output.WriteAsync(
                sends switch
                {
                    "hello" => hello,
                    "hello/2" => hello[..20],
                    "orleans" => [80, 0, 0, 0, .. new byte[80]],
                    "version" => [.. hello[..4], 2, .. hello[5..]],
                    _ => [],
                },
                TestContext.Current.CancellationToken);
            await output.CompleteAsync();
        }

        await expecting;
        Assert.Equal([Enum.Parse<HandshakeEnd>(end)], _refused);
        Assert.True(listener.IsAborted);
    }

    [Fact]
    public async Task What_one_connection_proved_is_no_proof_on_another()
    {
        var (caller, listener) = Connected();
        var let = 0;
        var expecting = PortHandshake.ExpectAsync(listener, _ => Task.FromResult(++let), Terms, [Key], _time, _refused.Add);
        await PortHandshake.MakeAsync(caller, _ => Task.CompletedTask, Terms, Key, _time);
        await expecting;
        var recorded = caller.All;

        var (second, again) = Connected();
        expecting = PortHandshake.ExpectAsync(again, Unreached, Terms, [Key], _time, _refused.Add);
        await second.Transport.Output.WriteAsync(recorded, TestContext.Current.CancellationToken);
        await expecting;
        Assert.Equal((1, HandshakeEnd.WrongProof), (let, Assert.Single(_refused)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(HandshakeBytes.HelloBytes)]
    public async Task A_slow_caller_is_cut_off(int sent)
    {
        var (caller, listener) = Connected();
        var expecting = PortHandshake.ExpectAsync(listener, Unreached, Terms, [Key], _time, _refused.Add);
        await caller.Transport.Output.WriteAsync(HandshakeBytes.WriteHello(new byte[HandshakeBytes.NonceBytes]).AsMemory(0, sent), TestContext.Current.CancellationToken);
        _time.Advance(PortHandshake.Timeout - TimeSpan.FromMilliseconds(1));
        Assert.False(expecting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(2));
        await expecting;
        Assert.Equal([HandshakeEnd.TimedOut], _refused);
        Assert.True(listener.IsAborted);
    }

    [Theory]
    [InlineData(false, "did not within 10 s prove that it has the Kad:Cluster:GatewayKey of this process")]
    [InlineData(true, "answered something else before it proved that it has the Kad:Cluster:GatewayKey of this process")]
    public async Task A_caller_waits_for_no_listener_without_end(bool answers, string sentence)
    {
        var (caller, listener) = Connected();
        var calling = PortHandshake.MakeAsync(caller, Unreached, Terms, Key, _time);
        if (answers)
        {
            await listener.Transport.Output.WriteAsync(new byte[300], TestContext.Current.CancellationToken);
        }
        else
        {
            _time.Advance(PortHandshake.Timeout + TimeSpan.FromMilliseconds(1));
        }

        var failure = await Assert.ThrowsAsync<HandshakeFailedException>(() => calling);
        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
        Assert.False(failure.HasEnded);
    }

    [Fact]
    public async Task A_listener_that_ends_at_once_may_have_causes_outside_the_handshake()
    {
        var (caller, listener) = Connected();
        await listener.Transport.Output.CompleteAsync();
        var failure = await Assert.ThrowsAsync<HandshakeFailedException>(() => PortHandshake.MakeAsync(caller, Unreached, Terms, Key, _time));
        Assert.True(failure.HasEnded);
        Assert.Contains("ended the connection before it proved that it has the Kad:Cluster:GatewayKey", failure.Message, StringComparison.Ordinal);
    }

    private static Task Unreached(ConnectionContext connection) => throw new InvalidOperationException("Nobody is let in here.");

    private static async Task<byte[]> RawAsync(PipeReader input)
    {
        var read = await input.ReadAtLeastAsync(HandshakeBytes.HeadBytes + HandshakeBytes.ProofBytes + Terms.Cluster.Length);
        var challenge = read.Buffer.ToArray();
        input.AdvanceTo(read.Buffer.End);
        return challenge;
    }

    private static (Side Caller, Side Listener) Connected()
    {
        var (up, down) = (new Pipe(), new Pipe());
        return (new Side(down.Reader, up.Writer), new Side(up.Reader, down.Writer));
    }

    /// <summary>One side of a connection, which keeps what it wrote.</summary>
    private sealed class Side : DefaultConnectionContext
    {
        private readonly Recorder _output;

        public Side(PipeReader input, PipeWriter output)
        {
            _output = new Recorder(output);
            Transport = new Duplex(input, _output);
        }

        public bool IsAborted { get; private set; }

        public long Sent => _output.Written.Length;

        public byte[] All => _output.Written.ToArray();

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Recorder(PipeWriter inner) : PipeWriter
    {
        public MemoryStream Written { get; } = new();

        public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Written.Write(source.Span);
            return await inner.WriteAsync(source, cancellationToken);
        }

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
    }
}
