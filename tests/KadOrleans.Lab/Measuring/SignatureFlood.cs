using System.Net.Sockets;
using System.Security.Cryptography;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Lab;

/// <summary>
/// What items whose signatures do not hold cost a node, and whether it answers honest puts meanwhile: a node in a process of its own, one
/// address of loopback that puts a hundred good items a second, and others that send it 20,000 forged ones a second together.
/// </summary>
internal static class SignatureFlood
{
    public const string Needed =
        "signatures flood [SECONDS] [ADDRESSES] is needed, with whole numbers, of seconds from 1 to 3600 and of addresses from 1 to 250.";

    private const int ForgedPerSecond = 20_000;
    private const int HonestPerSecond = 100;
    private const int WarmUpSeconds = 3;
    private const int MostSeconds = 3_600;
    private const int MostAddresses = 250;
    private const int Templates = 256;

    /// <summary>False if the words are none of its arguments.</summary>
    public static bool TryRead(ReadOnlySpan<string> words, out int seconds, out int addresses)
    {
        (seconds, addresses) = (20, 4);
        return words.Length <= 2
            && (words.Length < 1 || TryReadNumber(words[0], MostSeconds, out seconds))
            && (words.Length < 2 || TryReadNumber(words[1], MostAddresses, out addresses));
    }

    public static async Task RunAsync(int seconds, int addresses)
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        using var honest = new ItemSender("127.3.0.1", node.Address);
        var attackers = Enumerable.Range(1, addresses).Select(number => new ItemSender($"127.2.0.{number}", node.Address)).ToList();
        using var stopping = new CancellationTokenSource();
        Task flood = Task.CompletedTask;
        try
        {
            Console.WriteLine("| | honest puts, stored and answered | processor of the node, cores | forged items stored |");
            Console.WriteLine("|---|---|---|---|");
            await PutAsync(WarmUpSeconds);
            await MeasureAsync("honest puts alone");
            var forged = await Task.WhenAll(Enumerable.Range(0, Templates).Select(static async number => Datagram(await SignAsync(number))));
            flood = Task.Factory.StartNew(
                () => Flood(attackers, forged, stopping.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await PutAsync(WarmUpSeconds);
            await MeasureAsync($"and {ForgedPerSecond:N0} forged ones a second of {addresses} addresses");
        }
        finally
        {
            await stopping.CancelAsync();
            await flood;
            attackers.ForEach(static attacker => attacker.Dispose());
        }

        async Task MeasureAsync(string name)
        {
            var (before, watch, sent) = (node.Process.ProcessorTime, Stopwatch.StartNew(), attackers.Sum(static attacker => attacker.Sent));
            var stored = await PutAsync(seconds);
            var cores = (node.Process.ProcessorTime - before) / watch.Elapsed;
            var forged = (attackers.Sum(static attacker => attacker.Sent) - sent) / watch.Elapsed.TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} ({forged:N0} sent) | {stored:N0} of {seconds * HonestPerSecond:N0} | {cores:0.00} | {attackers.Sum(static attacker => attacker.Stored):N0} |"));
        }

        // How many of them were stored, and said so.
        async Task<long> PutAsync(int length)
        {
            var (watch, before) = (Stopwatch.StartNew(), honest.Stored);
            for (var i = 0; i < length * HonestPerSecond; i++)
            {
                honest.Send(Datagram(await SignAsync(i)));
                var wait = TimeSpan.FromSeconds((i + 1) / (double)HonestPerSecond) - watch.Elapsed;
                await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            }

            // The last ones' answers.
            await Task.Delay(TimeSpan.FromSeconds(1));
            return honest.Stored - before;
        }
    }

    private static bool TryReadNumber(string word, int most, out int number) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0 && number <= most;

    private static async ValueTask<Item> SignAsync(int number)
    {
        using var pair = Ed25519KeyPair.Generate();
        return await pair.ToSigner().SignAsync(default, number, Item.EncodeBytes(new byte[100]));
    }

    // Ends of items of 256 owners are changed, so that their signatures hold no more. No two are the same.
    private static void Flood(List<ItemSender> attackers, byte[][] forged, CancellationToken stopping)
    {
        var (watch, sent) = (Stopwatch.StartNew(), 0L);
        while (!stopping.IsCancellationRequested)
        {
            for (var due = (long)(watch.Elapsed.TotalSeconds * ForgedPerSecond); sent < due; sent++)
            {
                var datagram = forged[sent % Templates];
                RandomNumberGenerator.Fill(datagram.AsSpan(KadOrleans.Core.Datagram.IdOffset, MessageId.Length));
                BinaryPrimitives.WriteInt64LittleEndian(datagram.AsSpan(datagram.Length - (2 * sizeof(long))), sent + 1);
                attackers[(int)(sent % attackers.Count)].Send(datagram);
            }

            Thread.Sleep(1);
        }
    }

    private static byte[] Datagram(Item item) => RequestBytes.Of(
        RequestKind.Store,
        MessageId.Random(new CryptographicRandomSource()),
        new StoreRequest(NodeId.FromKey("sender"), item.Key, DhtValue.FromBytes(item.Envelope.ToArray())));
}

/// <summary>An address that sends STOREs, and answers the pings that prove it.</summary>
internal sealed class ItemSender : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly NodeId _id;
    private readonly Task _receiving;
    private long _stored;

    public ItemSender(string address, string node)
    {
        _id = NodeId.FromKey(address);
        _socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        _socket.Connect(IPEndPoint.Parse(node));
        _receiving = Task.Factory.StartNew(Receive, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public long Sent { get; private set; }

    /// <summary>STOREs that the node said to have stored.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    public void Send(byte[] datagram)
    {
        _socket.Send(datagram);
        Sent++;
    }

    public void Dispose()
    {
        _socket.Shutdown(SocketShutdown.Both);
        _socket.Dispose();
        _receiving.Wait();
    }

    private void Receive()
    {
        var (buffer, pong) = (new byte[Datagram.MaxLength], new byte[Datagram.MaxLength]);
        try
        {
            while (_socket.Receive(buffer) is > 0 and var length)
            {
                if (!Datagram.TryReadHeader(buffer.AsSpan(0, length), out var kind, out var id, out var body))
                {
                    continue;
                }

                if (kind == DatagramKind.Request && Request.TryDecode(body, out var request) && request.Kind == RequestKind.Ping)
                {
                    _socket.Send(pong.AsSpan(0, ResponseWriter.WritePong(pong, id, _id)));
                }
                else if (kind == DatagramKind.Response && ResponseReader.TryReadStored(body, out var stored) && stored)
                {
                    Interlocked.Increment(ref _stored);
                }
            }
        }
        catch (SocketException)
        {
            // It was closed, or the node is gone: what is not answered is not counted.
        }
    }
}
