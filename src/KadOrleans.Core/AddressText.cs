using System.Buffers;
using System.Net;
using System.Text;

namespace KadOrleans.Core;

// Addresses on the wire: dotted IPv4 or RFC 5952. Peers compare these texts byte by byte: there must be one form only.
internal static class AddressText
{
    public const int MaxLength = 39;

    private static readonly ushort[] Zeros = new ushort[8];
    private static readonly uint[] Octets = [.. Enumerable.Range(0, 256).Select(OctetText)];
    private static readonly SearchValues<char> IPv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    // Writes an address as ASCII, without its port, to MaxLength bytes or more. Returns the length.
    public static int Write(UdpEndpoint endpoint, Span<byte> destination) => endpoint.IsIPv4
        ? WriteIPv4((uint)endpoint.AddressLow, destination)
        : WriteIPv6(endpoint, destination);

    public static string Format(UdpEndpoint endpoint)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(text[..Write(endpoint, text)]);
    }

    /// <summary>Parses an address literal in ASCII. Host names, scopes and short IPv4 forms are refused.</summary>
    public static bool TryParse(ReadOnlySpan<byte> ascii, ushort port, out UdpEndpoint endpoint)
    {
        // A longer text has a scope (%eth0), which is refused.
        endpoint = default;
        Span<char> chars = stackalloc char[MaxLength + 6];
        return ascii.Length <= chars.Length && TryParse(chars[..Encoding.Latin1.GetChars(ascii, chars)], port, out endpoint);
    }

    public static bool TryParse(ReadOnlySpan<char> text, ushort port, out UdpEndpoint endpoint)
    {
        if (!text.Contains(':'))
        {
            return TryParseIPv4(text, port, out endpoint);
        }

        IPAddress? address = null;
        var isAddress = !text.ContainsAnyExcept(IPv6Characters) && IPAddress.TryParse(text, out address);
        endpoint = isAddress ? UdpEndpoint.FromIPAddress(address!, port) : default;
        return isAddress;
    }

    private static bool TryParseIPv4(ReadOnlySpan<char> text, ushort port, out UdpEndpoint endpoint)
    {
        endpoint = default;
        uint address = 0;
        var parts = 0;
        foreach (var range in text.Split('.'))
        {
            if (++parts > 4 || !TryParseOctet(text[range], out var octet))
            {
                return false;
            }

            address = (address << 8) | octet;
        }

        endpoint = parts == 4 ? UdpEndpoint.FromIPv4(address, port) : default;
        return parts == 4;
    }

    /// <summary>Reads 0 to 255 without leading zeros, which some readers take for octal.</summary>
    internal static bool TryParseOctet(ReadOnlySpan<char> digits, out byte octet)
    {
        // By hand: byte.TryParse allocates until it is optimized.
        var number = digits is ['0', _, ..] || digits.Length is 0 or > 3 ? -1 : 0;
        for (var i = 0; i < digits.Length && number >= 0; i++)
        {
            number = char.IsAsciiDigit(digits[i]) ? (number * 10) + digits[i] - '0' : -1;
        }

        octet = (byte)number;
        return number is >= 0 and <= byte.MaxValue;
    }

    private static int WriteIPv4(uint address, Span<byte> destination)
    {
        // Each number with the dot behind it, four bytes at once. The next one begins where this one's end.
        var length = 0;
        for (var shift = 24; shift >= 0; shift -= 8)
        {
            var number = (byte)(address >> shift);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[length..], Octets[number]);
            length += number < 10 ? 2 : number < 100 ? 3 : 4;
        }

        return length - 1;
    }

    private static uint OctetText(int number)
    {
        uint text = '.';
        do
        {
            text = (text << 8) | (uint)('0' + (number % 10));
            number /= 10;
        }
        while (number > 0);

        return text;
    }

    private static int WriteIPv6(UdpEndpoint endpoint, Span<byte> destination)
    {
        Span<ushort> groups = stackalloc ushort[8];
        for (var i = 0; i < 8; i++)
        {
            groups[i] = (ushort)((i < 4 ? endpoint.AddressHigh : endpoint.AddressLow) >> (48 - (16 * (i % 4))));
        }

        // The first longest run of two or more zero groups is left out (RFC 5952 §4.2).
        var (zeroStart, run) = (-1, groups.Length + 1);
        while (zeroStart < 0 && --run >= 2)
        {
            zeroStart = groups.IndexOf(Zeros.AsSpan(0, run));
        }

        var zeroEnd = zeroStart + run;
        var length = 0;
        for (var i = 0; i < 8; i++)
        {
            if (i == zeroStart)
            {
                destination[length++] = (byte)':';
                destination[length++] = (byte)':';
                i = zeroEnd - 1;
                continue;
            }

            if (i > 0 && i != zeroEnd)
            {
                destination[length++] = (byte)':';
            }

            groups[i].TryFormat(destination[length..], out var written, "x", null);
            length += written;
        }

        return length;
    }
}
