using System.Buffers.Binary;
using System.Net.Sockets;
using System.Reflection;
using System.Text;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Whoever reaches a port of a silo and has no key.</summary>
public sealed class StrangersAtThePortsTests : FolderTests
{
    private const int Mebibyte = 1 << 20;

    private readonly TestKeys _keys = new();

    /// <summary>The ports that silos listen on for Orleans.</summary>
    public enum Port
    {
        /// <summary>For clients.</summary>
        Gateway,

        /// <summary>For silos.</summary>
        Silo,
    }

    /// <summary>What a stranger sends first.</summary>
    public enum Opening
    {
        /// <summary>Nothing at all.</summary>
        Silence,

        /// <summary>Text of three hundred bytes.</summary>
        Garbage,

        /// <summary>What Orleans itself begins with, and nothing after it.</summary>
        FirstMessage,

        /// <summary>The part of a handshake that needs no key.</summary>
        HalfHandshake,
    }

    [Theory]
    [InlineData(Port.Gateway, Opening.FirstMessage)]
    [InlineData(Port.Gateway, Opening.Garbage)]
    [InlineData(Port.Silo, Opening.FirstMessage)]
    [InlineData(Port.Gateway, Opening.HalfHandshake)]
    public async Task Unfinished_messages_fill_no_memory(Port port, Opening opening)
    {
        const int count = 8;
        const int each = 32 * Mebibyte;
        const int most = 96;
        await using var silo = await ServingSilo.StartAsync(Folder, _keys);
        await silo.ServesAsync(_keys);
        var (before, peak) = (silo.Memory, 0L);
        await using var sockets = new PlainSockets(NumberOf(silo, port));
        byte[][] sent = [Bytes(opening, port), FrameOf(95 * Mebibyte), new byte[each]];
        for (var i = 0; i < count; i++)
        {
            await sockets.ConnectAsync(IPAddress.Loopback, sent);
        }

        await EndAsync(() =>
        {
            peak = Math.Max(peak, (silo.Memory - before) / Mebibyte);
            return (sockets.Open, $"{sockets.Open} of {count} are open, and the silo has had {peak} MiB more");
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"The silo had {peak} MiB more.");
        Assert.True(peak <= most, $"The silo has had {peak} MiB more for {count * each / Mebibyte} MiB that were sent; {most} are allowed.");
        await silo.ServesAsync(_keys);
    }

    [Theory]
    [InlineData(Opening.Silence)]
    [InlineData(Opening.HalfHandshake)]
    public async Task Whoever_sends_on_until_he_is_cut_off_fills_no_memory(Opening opening)
    {
        const int senders = 16;
        const int each = 96 * Mebibyte;
        const int most = 192;
        await using var silo = await ServingSilo.StartAsync(Folder, _keys);
        await silo.ServesAsync(_keys);
        var (before, sent) = (silo.Memory, Enumerable.Range(0, senders).Select(_ => SendAsync(silo.Gateway, Bytes(opening, Port.Gateway), each)).ToArray());
        var sending = Task.WhenAll(sent);
        var peak = 0L;
        await Eventually.ReadAsync(
            () =>
            {
                peak = Math.Max(peak, (silo.Memory - before) / Mebibyte);
                return Task.FromResult(sending.IsCompleted);
            },
            ended => ended);
        TestContext.Current.TestOutputHelper?.WriteLine($"The silo had {peak} MiB more.");
        Assert.True(peak <= most, $"The silo has had {peak} MiB more for {senders * each / Mebibyte} MiB that were sent; {most} are allowed.");
        await silo.ServesAsync(_keys);
    }

    [Fact]
    public async Task A_silo_connects_to_no_address_that_a_stranger_names()
    {
        await using var silo = await ServingSilo.StartAsync(Folder, _keys);
        using var named = new TcpListener(IPAddress.Loopback, 0);
        named.Start();
        var later = SiloAddress.New((IPEndPoint)named.LocalEndpoint, await GenerationOfAsync(silo) + 1_000);

        await Stranger.CallAsync(silo.Gateway, grains => AskForManifestAsync(grains, later));
        Assert.False(named.Pending(), $"The silo has connected to {named.LocalEndpoint}.");
        await silo.ServesAsync(_keys);
    }

    [Theory]
    [InlineData(Opening.Silence)]
    [InlineData(Opening.Garbage)]
    [InlineData(Opening.FirstMessage)]
    [InlineData(Opening.HalfHandshake)]
    public async Task Connections_of_strangers_keep_nobody_from_the_gateway(Opening opening)
    {
        const int most = 16;
        const int addresses = 8;
        const int ofAddress = 4;
        await using var silo = await ServingSilo.StartAsync(Folder, _keys, $"Kad:Silo:Connections={most}", $"Kad:Silo:ConnectionsPerAddress={ofAddress}");
        await using var sockets = new PlainSockets(silo.Gateway);
        for (byte i = 0; i < addresses * ofAddress; i++)
        {
            await sockets.ConnectAsync(new IPAddress([127, 0, 0, (byte)(2 + (i % addresses))]), Bytes(opening, Port.Gateway));
        }

        // Those for which there is no room have ended.
        await Eventually.IsTrueAsync(() => sockets.Open <= most);
        await silo.ServesAsync(_keys);
    }

    [Fact]
    public async Task A_connection_on_which_nobody_proves_anything_ends()
    {
        await using var silo = await ServingSilo.StartAsync(Folder, _keys);
        await using var gateway = new PlainSockets(silo.Gateway);
        await using var silos = new PlainSockets(silo.Port);
        foreach (var opening in Enum.GetValues<Opening>())
        {
            await gateway.ConnectAsync(IPAddress.Loopback, Bytes(opening, Port.Gateway));
            await silos.ConnectAsync(IPAddress.Loopback, Bytes(opening, Port.Silo));
        }

        await EndAsync(() => (gateway.Open + silos.Open, $"{gateway.Open} of the gateway and {silos.Open} of the silos' port are open"));
        await silo.ServesAsync(_keys);
    }

    // On one connection after the other, each until the silo has ended it.
    private static async Task SendAsync(int port, byte[] opening, int bytes)
    {
        var chunk = new byte[Mebibyte];
        while (bytes > 0)
        {
            using var socket = new TcpClient();
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port);
                await socket.GetStream().WriteAsync(opening);
                for (; bytes > 0; bytes -= chunk.Length)
                {
                    await socket.GetStream().WriteAsync(chunk);
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // It was cut off; what did not go out counts, so that this ends.
                bytes -= chunk.Length;
            }
        }
    }

    // The time is above the ten seconds that the documents give a caller, and a failure says what was seen.
    private static Task<(int Open, string Seen)> EndAsync(Func<(int Open, string Seen)> look) =>
        Eventually.ReadAsync(() => Task.FromResult(look()), seen => seen.Open == 0, TimeSpan.FromSeconds(30));

    private static int NumberOf(SiloServer silo, Port port) => port == Port.Gateway ? silo.Gateway : silo.Port;

    private static byte[] Bytes(Opening opening, Port port) => opening switch
    {
        Opening.Silence => [],
        Opening.Garbage => Encoding.UTF8.GetBytes(new string('x', 300)),
        Opening.FirstMessage => port == Port.Gateway ? FirstMessages.OfClient("0123456789abcdef0123456789abcdef") : FirstMessages.OfSilo(),
        Opening.HalfHandshake => HandshakeBytes.WriteHello(new byte[HandshakeBytes.NonceBytes]),
        _ => throw new ArgumentOutOfRangeException(nameof(opening), opening, message: null),
    };

    // What Orleans has before each message: the lengths of header and body.
    private static byte[] FrameOf(int body)
    {
        const int header = 1_024;
        var frame = new byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(frame, header);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(sizeof(int)), body);
        return frame;
    }

    private static async Task<int> GenerationOfAsync(SiloServer silo)
    {
        using var http = new HttpClient();
        using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri(silo.Http, "/status")));
        return int.Parse(status.RootElement.GetProperty("silo").GetString()!.Split(':')[^1], CultureInfo.InvariantCulture);
    }

    // A client may call it. The interface is Orleans' own.
    private static async Task AskForManifestAsync(IGrainFactory grains, SiloAddress silo)
    {
        var type = Assembly.Load("Orleans.Core").GetType("Orleans.Runtime.IClusterManifestSystemTarget", throwOnError: true)!;
        var kind = SystemTargetGrainId.CreateGrainType("manifest");
        var get = typeof(IGrainFactory).GetMethod(nameof(IGrainFactory.GetGrain), 1, [typeof(GrainId)])!.MakeGenericMethod(type);
        var target = get.Invoke(grains, [SystemTargetGrainId.Create(kind, silo).GrainId])!;
        var method = type.GetMethod("GetClusterManifest")!;
        dynamic call = method.Invoke(target, [.. method.GetParameters().Select(_ => (object?)CancellationToken.None)])!;
        await call;
    }
}
