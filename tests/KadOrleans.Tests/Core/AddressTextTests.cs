namespace KadOrleans.Tests.Core;

public class AddressTextTests
{
    private const string Alphabet = "0123456789abcdefABCDEF::::....%[]/xg+ \0\u0661";

    [Fact]
    public void Text_is_what_the_base_library_writes() => Randomized.ForSeeds(2_000, random =>
    {
        var endpoint = RandomEndpoint(random);
        var text = AddressText.Format(endpoint);
        Assert.Equal(endpoint.ToIPAddress(), IPAddress.Parse(text));
        Assert.True(AddressText.TryParse(text, endpoint.Port, out var parsed));
        Assert.Equal(endpoint, parsed);
        Assert.Equal(text, AddressText.Format(UdpEndpoint.FromIPAddress(IPAddress.Parse(text), 1)));
        if (!EndsInDottedForm(endpoint))
        {
            Assert.Equal(endpoint.ToIPAddress().ToString(), text);
        }
    });

    [Fact]
    public void Only_plain_literals_are_taken_of_characters_and_of_bytes() => Randomized.ForSeeds(20_000, random =>
    {
        var text = Spoilt(AddressText.Format(RandomEndpoint(random)), random);
        Assert.True(IsPlainLiteral(text) == AddressText.TryParse(text.AsSpan(), 7, out var endpoint), text);
        Assert.True(IsPlainLiteral(text) || endpoint == default);
        Assert.Equal(IsPlainLiteral(text), AddressText.TryParse(Encoding.Latin1.GetBytes(text), 7, out var fromBytes));
        Assert.Equal(endpoint, fromBytes);
    });

    internal static UdpEndpoint RandomEndpoint(SeededRandomSource random)
    {
        var port = (ushort)random.Next(65536);
        if (random.Next(3) == 0)
        {
            return UdpEndpoint.FromIPv4(random.NextUInt32() >> random.Next(32), port);
        }

        // Zero groups and short groups are where the text form has its rules.
        var bytes = random.NextBytes(16);
        for (var i = 0; i < 16; i += 2)
        {
            var kind = random.Next(4);
            bytes[i] = kind < 2 ? (byte)0 : bytes[i];
            bytes[i + 1] = kind == 0 ? (byte)0 : bytes[i + 1];
        }

        return UdpEndpoint.FromIPv6(bytes, port);
    }

    /// <summary>The base library writes the last 32 bits of a few obsolete kinds of IPv6 address as IPv4.</summary>
    private static bool EndsInDottedForm(UdpEndpoint endpoint) =>
        !endpoint.IsIPv4 && endpoint.ToIPAddress().ToString().Contains('.', StringComparison.Ordinal);

    private static string Spoilt(string text, SeededRandomSource random)
    {
        for (var edits = random.Next(4); edits > 0; edits--)
        {
            var at = random.Next(text.Length + 1);
            var letter = Alphabet[random.Next(Alphabet.Length)].ToString();
            text = random.Next(3) switch
            {
                0 => text.Insert(at, letter),
                1 when at < text.Length => text.Remove(at, 1),
                _ when at < text.Length => text.Remove(at, 1).Insert(at, letter),
                _ => text,
            };
        }

        return text;
    }

    // The base library takes shortened and octal IPv4, brackets, scopes and prefix lengths too.
    private static bool IsPlainLiteral(string text)
    {
        var last = text[(text.LastIndexOf(':') + 1)..];
        var isHexadecimal = last.Length < text.Length && !last.Contains('.');
        return text.All(letter => char.IsAsciiHexDigit(letter) || letter is ':' or '.')
            && IPAddress.TryParse(text, out _)
            && (isHexadecimal || (IPAddress.TryParse(last, out var dotted) && dotted.ToString() == last));
    }
}
