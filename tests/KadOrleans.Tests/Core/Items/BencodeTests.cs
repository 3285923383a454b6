using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

public sealed class BencodeTests
{
    private static readonly string[] Canonical =
    [
        "i0e", "i-1e", "i42e", "i9223372036854775807e", "i-9223372036854775808e", "i111111111111111111111111111111e", "0:", "3:one", "10:0123456789",
        "le", "li1e1:ae", "de", "d0:i1e1:ai2ee", "d1:a0:2:aai0ee", "d2:ab0:1:bd1:cleee", "lllleeee",
    ];

    [Theory]
    [MemberData(nameof(CanonicalCases))]
    public void A_canonical_value_is_read_whole_and_no_beginning_of_it_is(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        Assert.True(IsCanonical(bytes));
        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.False(IsCanonical(bytes.AsSpan(0, length))));
        Assert.False(IsCanonical([.. bytes, (byte)'e']));
        Assert.False(IsCanonical([.. bytes, .. bytes]));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("i01e", 1)]
    [InlineData("i-0e", 2)]
    [InlineData("i-01e", 2)]
    [InlineData("i+1e", 1)]
    [InlineData("i 1e", 1)]
    [InlineData("ie", 1)]
    [InlineData("i-e", 2)]
    [InlineData("i1.0e", 2)]
    [InlineData("03:one", 0)]
    [InlineData("00:", 0)]
    [InlineData("-1:", 0)]
    [InlineData("4:one", 2)]
    [InlineData("99999999999999999999999:x", 23)]
    [InlineData("4294967297:x", 10)]
    [InlineData("3one", 1)]
    [InlineData("d1:bi1e1:ai2ee", 7)]
    [InlineData("d1:ai1e1:ai2ee", 7)]
    [InlineData("d1:a0:0:0:e", 6)]
    [InlineData("di1e0:e", 1)]
    [InlineData("d1:ae", 4)]
    [InlineData("e", 0)]
    [InlineData("x", 0)]
    public void What_is_not_canonical_is_refused_at_its_place(string text, int position)
    {
        Assert.False(BencodeReader.IsCanonical(Encoding.ASCII.GetBytes(text), BencodeReader.MaxDepth, out var found));
        Assert.Equal(position, found);
    }

    [Fact]
    public void Depth_is_bounded_for_lists_and_dictionaries()
    {
        Assert.True(IsCanonical(Lists(BencodeReader.MaxDepth)));
        Assert.False(IsCanonical(Lists(BencodeReader.MaxDepth + 1)));
        Assert.False(IsCanonical([.. Enumerable.Repeat((byte)'l', 60_000)]));
        Assert.False(IsCanonical(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("d0:", 20_000)))));
    }

    [Theory]
    [InlineData("i9223372036854775807e", long.MaxValue)]
    [InlineData("i-9223372036854775808e", long.MinValue)]
    public void An_integer_has_64_bits(string text, long expected)
    {
        Assert.True(new BencodeReader(Encoding.ASCII.GetBytes(text)).TryReadInteger(out var number));
        Assert.Equal(expected, number);
        Assert.False(new BencodeReader(Encoding.ASCII.GetBytes(text.Replace("e", "0e", StringComparison.Ordinal))).TryReadInteger(out _));
    }

    [Fact]
    public void What_is_written_is_canonical_and_read_back() => Randomized.ForSeeds(300, random =>
    {
        var buffer = new byte[8_000];
        var writer = new BencodeWriter(buffer);
        Write(ref writer, random, 0);
        Assert.True(IsCanonical(buffer.AsSpan(0, writer.Length)));
    });

    // Each changed value that is still read is canonical, so what reads its structure and writes it again gives the same bytes.
    [Fact]
    public void Changed_bytes_never_throw_and_what_is_read_is_written_the_same() => Randomized.ForSeeds(3_000, random =>
    {
        var buffer = new byte[8_000];
        var writer = new BencodeWriter(buffer);
        Write(ref writer, random, 0);
        var bytes = buffer[..writer.Length];
        for (var changes = random.Next(4); changes >= 0; changes--)
        {
            bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)"0123456789:deil-"[random.Next(16)] : random.NextBytes(1)[0];
        }

        if (IsCanonical(bytes))
        {
            var written = new byte[bytes.Length];
            var again = new BencodeWriter(written);
            var reader = new BencodeReader(bytes);
            Copy(ref reader, ref again);
            Assert.Equal(bytes, written);
        }
    });

    [Fact]
    public void Reading_allocates_nothing()
    {
        byte[][] all = [.. Canonical.Select(Encoding.ASCII.GetBytes), Encoding.ASCII.GetBytes("d1:bi1e1:ai2ee"), Lists(200)];
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                IsCanonical(all[i % all.Length]);
            }
        }));
    }

    public static TheoryData<string> CanonicalCases() => [.. Canonical];

    private static bool IsCanonical(ReadOnlySpan<byte> bytes) => BencodeReader.IsCanonical(bytes, BencodeReader.MaxDepth, out _);

    private static byte[] Lists(int depth) => [.. Enumerable.Repeat((byte)'l', depth), .. Enumerable.Repeat((byte)'e', depth)];

    private static void Write(ref BencodeWriter writer, SeededRandomSource random, int depth)
    {
        switch (random.Next(depth < 4 ? 4 : 2))
        {
            case 0:
                writer.WriteInteger(random.Next(2) == 0 ? random.Next(100) - 50 : BitConverter.ToInt64(random.NextBytes(8)));
                break;
            case 1:
                writer.WriteBytes(random.NextBytes(random.Next(12)));
                break;
            case 2:
                writer.WriteList();
                for (var count = random.Next(4); count > 0; count--)
                {
                    Write(ref writer, random, depth + 1);
                }

                writer.WriteContainerEnd();
                break;
            default:
                writer.WriteDictionary();
                foreach (var key in Enumerable.Range(0, random.Next(4)).Select(_ => (char)('a' + random.Next(26))).Distinct().Order())
                {
                    writer.WriteBytes([(byte)key]);
                    Write(ref writer, random, depth + 1);
                }

                writer.WriteContainerEnd();
                break;
        }
    }

    private static void Copy(ref BencodeReader reader, ref BencodeWriter writer)
    {
        var fork = reader;
        if (fork.TryReadInteger(out var number))
        {
            reader = fork;
            writer.WriteInteger(number);
            return;
        }

        fork = reader;
        if (fork.TryReadBytes(out var content))
        {
            reader = fork;
            writer.WriteBytes(content);
            return;
        }

        fork = reader;
        if (fork.TryReadList())
        {
            reader = fork;
            writer.WriteList();
            while (!reader.IsContainerEnd)
            {
                Copy(ref reader, ref writer);
            }
        }
        else if (fork.TryReadDictionary())
        {
            reader = fork;
            writer.WriteDictionary();
            ReadOnlySpan<byte> previous = default;
            for (var isFirst = true; !reader.IsContainerEnd; isFirst = false)
            {
                Assert.True(reader.TryReadKey(isFirst, previous, out var key));
                writer.WriteBytes(key);
                Copy(ref reader, ref writer);
                previous = key;
            }
        }
        else
        {
            // A number of more than 64 bits.
            Assert.True(reader.TryReadValue(0, out var encoded));
            writer.WriteEncoded(encoded);
            return;
        }

        Assert.True(reader.TryReadContainerEnd());
        writer.WriteContainerEnd();
    }
}
