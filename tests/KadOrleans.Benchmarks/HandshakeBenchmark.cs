using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Benchmarks;

/// <summary>What a handshake adds to a connection over loopback: both sides, one connection after the other.</summary>
internal static class HandshakeBenchmark
{
    private static readonly ClusterKey Key = ClusterKey.Parse(ClusterKey.Create());
    private static readonly PortTerms Terms = new(PortKind.Gateway, "kad");

    public static async Task RunAsync(int count)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (with, without) = (new List<double>(), new List<double>());
        for (var i = -count; i < count; i++)
        {
            // Those below 0 warm up. Until each side has the other's first byte behind the handshake.
            var plain = await MeasureAsync(listener, hasHandshake: false);
            var proven = await MeasureAsync(listener, hasHandshake: true);
            if (i >= 0)
            {
                without.Add(plain);
                with.Add(proven);
            }
        }

        Say($"connection and a byte each way: {Median(without):F3} ms; with a handshake {Median(with):F3} ms; a handshake: {Median(with.Zip(without, (a, b) => a - b)):F3} ms");
    }

    private static async Task<double> MeasureAsync(TcpListener listener, bool hasHandshake)
    {
        using var caller = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var begun = Stopwatch.GetTimestamp();
        var accepting = listener.AcceptSocketAsync();
        await caller.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await accepting;
        accepted.NoDelay = true;
        var (from, to) = (Connection(caller), Connection(accepted));
        var serving = hasHandshake
            ? PortHandshake.ExpectAsync(to, EchoAsync, Terms, [Key], TimeProvider.System, static end => throw new InvalidOperationException($"{end}"))
            : EchoAsync(to);
        await (hasHandshake ? PortHandshake.MakeAsync(from, AskAsync, Terms, Key, TimeProvider.System) : AskAsync(from));
        await serving;
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private static async Task AskAsync(ConnectionContext connection)
    {
        await connection.Transport.Output.WriteAsync(new byte[1]);
        await connection.Transport.Input.ReadAtLeastAsync(1);
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        await connection.Transport.Input.ReadAtLeastAsync(1);
        await connection.Transport.Output.WriteAsync(new byte[1]);
    }

    private static DefaultConnectionContext Connection(Socket socket)
    {
        var stream = new NetworkStream(socket);
        return new DefaultConnectionContext { Transport = new Duplex(PipeReader.Create(stream), PipeWriter.Create(stream)) };
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
