using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core.Admission;

// A CIDR range. An IPv4 endpoint, mapped or not, is in IPv4 ranges only: ::/0 is every IPv6 address and no IPv4 one.
internal readonly record struct AddressRange
{
    // Ranges are kept in the 128 bits of IPv6, where IPv4 has 96 bits before its own.
    private const int MappedBits = 96;

    private readonly UdpEndpoint _first;
    private readonly int _length;

    private AddressRange(UdpEndpoint first, int length) => (_first, _length) = (first, length);

    /// <summary>Parses 10.0.0.0/8, 2001:db8::/32 or an address, a range of one. Bits behind the prefix are ignored.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AddressRange range)
    {
        range = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        var address = slash < 0 ? text : text.AsSpan(0, slash);
        if (!AddressText.TryParse(address, 0, out var first))
        {
            return false;
        }

        var offset = address.Contains(':') ? 0 : MappedBits;
        var length = 128;
        if (slash >= 0 && !TryParseLength(text.AsSpan(slash + 1), offset, out length))
        {
            return false;
        }

        // A mapped address with a prefix that ends before it starts would be neither family's.
        if (first.IsIPv4 && length < MappedBits)
        {
            return false;
        }

        range = new AddressRange(Mask(first, length), length);
        return true;
    }

    public static AddressRange Parse(string text) => TryParse(text, out var range)
        ? range
        : throw new FormatException($"'{text}' is not a range of addresses: ADDRESS or ADDRESS/LENGTH is needed.");

    public bool IsIPv4 => _first.IsIPv4;

    /// <summary>0 to 32 of an IPv4 range, 0 to 128 of an IPv6 one.</summary>
    public int PrefixLength => IsIPv4 ? _length - MappedBits : _length;

    public static AddressRange Of(UdpEndpoint endpoint, int prefixLength)
    {
        var length = endpoint.IsIPv4 ? prefixLength + MappedBits : prefixLength;
        return new AddressRange(Mask(endpoint, length), length);
    }

    public bool Contains(UdpEndpoint endpoint) => endpoint.IsIPv4 == _first.IsIPv4 && Mask(endpoint, _length) == _first;

    public override string ToString() => $"{AddressText.Format(_first)}/{PrefixLength}";

    private static bool TryParseLength(ReadOnlySpan<char> text, int offset, out int length)
    {
        var isNumber = AddressText.TryParseOctet(text, out var bits);
        length = offset + bits;
        return isNumber && length <= 128;
    }

    private static UdpEndpoint Mask(UdpEndpoint endpoint, int length) =>
        UdpEndpoint.FromHalves(endpoint.AddressHigh & TopBits(length), endpoint.AddressLow & TopBits(length - 64), 0);

    private static ulong TopBits(int count) => count <= 0 ? 0 : ulong.MaxValue << (64 - Math.Min(count, 64));
}

internal sealed class AddressRangeSet(IEnumerable<AddressRange> ranges)
{
    private readonly AddressRange[] _ranges = [.. ranges];

    public static AddressRangeSet Empty { get; } = new([]);

    public static AddressRangeSet Parse(IEnumerable<string> texts) => new(texts.Select(AddressRange.Parse));

    public bool Contains(UdpEndpoint endpoint)
    {
        foreach (var range in _ranges)
        {
            if (range.Contains(endpoint))
            {
                return true;
            }
        }

        return false;
    }
}
