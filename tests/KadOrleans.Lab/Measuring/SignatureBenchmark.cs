using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using BouncyCastle = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace KadOrleans.Lab;

/// <summary>
/// How many signed items are checked in a second of processor time, which other programs change little, with values of 100 and 1,000 bytes,
/// each of another owner; and what a check of only the key and the form costs. BouncyCastle, which the product does not use, stands beside it.
/// </summary>
internal static class SignatureBenchmark
{
    private const int Owners = 256;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ByDefault = TimeSpan.FromSeconds(3);

    public static Task RunAsync(string[] args)
    {
        if (args is ["flood", .. var words])
        {
            return SignatureFlood.TryRead(words, out var length, out var addresses) ? SignatureFlood.RunAsync(length, addresses)
                : throw MeasureCommands.WrongUsage("signatures", args, SignatureFlood.Needed);
        }

        var duration = args switch
        {
            [] => ByDefault,
            [var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 => TimeSpan.FromSeconds(seconds),
            _ => throw MeasureCommands.WrongUsage("signatures", args, "signatures [SECONDS] is needed, with a whole number above 0, or signatures flood."),
        };
        return RunAsync(duration);
    }

    private static async Task RunAsync(TimeSpan duration)
    {
        Console.WriteLine("| value, bytes in bencode | NSec, checks a second | BouncyCastle | signing by NSec | form and key alone |");
        Console.WriteLine("|---|---|---|---|---|");

        // With their length and a colon before them they have 100 and 1,000 bytes.
        foreach (var contentLength in (int[])[97, 996])
        {
            var items = await SignAsync(contentLength);
            using var pair = Ed25519KeyPair.Generate();
            var message = Message(items[0]);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {items[0].Value.Length} | {Rate(i => Check(items[i]), duration):N0} | {Rate(i => CheckByBouncyCastle(items[i]), duration):N0} | {Rate(_ => pair.Sign(message).Length > 0, duration):N0} | {Rate(i => ItemEnvelope.TryRead(items[i].Envelope, out _, out _), duration):N0} |"));
        }
    }

    private static async Task<Item[]> SignAsync(int contentLength)
    {
        var random = new SeededRandomSource(1);
        var items = new Item[Owners];
        for (var i = 0; i < items.Length; i++)
        {
            using var pair = Ed25519KeyPair.FromSeed(random.NextBytes(Ed25519KeyPair.SeedLength));
            items[i] = await pair.ToSigner().SignAsync(default, i, Item.EncodeBytes(random.NextBytes(contentLength)));
        }

        return items;
    }

    private static bool Check(Item item) => CheckedItem.TryCheck(item, item.Key, Ed25519Signatures.Instance, out _, out _);

    private static bool CheckByBouncyCastle(Item item)
    {
        var message = Message(item);
        return BouncyCastle.Verify(item.Signature.ToArray(), 0, item.PublicKey.ToArray(), 0, message, 0, message.Length);
    }

    private static byte[] Message(Item item)
    {
        Span<byte> buffer = stackalloc byte[SignedMessage.MaxLength];
        return buffer[..SignedMessage.Write(buffer, item.Salt.Span, item.Seq, item.Value.Span)].ToArray();
    }

    private static double Rate(Func<int, bool> check, TimeSpan duration)
    {
        Count(check, WarmUp);
        var before = Environment.CpuUsage.TotalTime;
        var count = Count(check, duration);
        return count / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    private static long Count(Func<int, bool> check, TimeSpan duration)
    {
        var watch = Stopwatch.StartNew();
        var count = 0L;
        while (watch.Elapsed < duration)
        {
            for (var i = 0; i < Owners; i++, count++)
            {
                if (!check(i))
                {
                    throw new InvalidOperationException("A good item was refused.");
                }
            }
        }

        return count;
    }
}
