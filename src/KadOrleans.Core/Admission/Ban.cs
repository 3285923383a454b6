using System.Diagnostics.CodeAnalysis;
using KadOrleans.Core.Items;

namespace KadOrleans.Core.Admission;

/// <summary>
/// A node id, or a CIDR range of addresses, that a DHT has nothing to do with: it neither answers nor asks it. Or an owner of signed items (BEP 44), of
/// whom it takes none from others.
/// </summary>
public readonly record struct Ban
{
    /// <summary>The shortest prefix of an IPv4 range. A shorter one is more likely a slip than an attacker's network.</summary>
    public const int MinIPv4Prefix = 8;

    /// <summary>The shortest prefix of an IPv6 range.</summary>
    public const int MinIPv6Prefix = 16;

    /// <summary>The allowed texts, for messages.</summary>
    public const string Allowed =
        "an id of 40 hexadecimal digits, an owner's public key of 64, an address, or a CIDR range with a prefix of 8 or more bits (IPv6: 16 or more) is allowed";

    /// <summary>The banned id; null if something else is banned.</summary>
    public NodeId? Id { get; private init; }

    /// <summary>The public key of a banned owner of items, in 64 hexadecimal digits; null if something else is banned.</summary>
    public string? Owner { get; private init; }

    internal AddressRange? Range { get; private init; }

    /// <summary>
    /// Parses an id of 40 hexadecimal digits, a public key of 64, an address or a CIDR range. Bits of a range behind its prefix are ignored.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="ban">The ban; default if the result is false.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out Ban ban)
    {
        ban = NodeId.TryParse(text, out var id) ? new Ban { Id = id }
            : text?.Length == 2 * Item.PublicKeyLength && text.All(char.IsAsciiHexDigit) ? new Ban { Owner = text.ToLowerInvariant() }
            : AddressRange.TryParse(text, out var range) && range.PrefixLength >= (range.IsIPv4 ? MinIPv4Prefix : MinIPv6Prefix)
                ? new Ban { Range = range }
            : default;
        return ban != default;
    }

    /// <summary>Parses as <see cref="TryParse"/> does.</summary>
    /// <exception cref="ArgumentException">The text is none; the message says what is allowed.</exception>
    public static Ban Parse(string text) => TryParse(text, out var ban)
        ? ban
        : throw new ArgumentException($"The ban is '{VisibleText.Excerpt(text ?? string.Empty)}'; {Allowed}.");

    /// <summary>The id, the owner's key, or the range as <c>address/length</c>. <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Id?.ToString() ?? Owner ?? Range?.ToString() ?? string.Empty;
}

/// <summary>Bans to look contacts up in. Immutable.</summary>
internal sealed class BanSet(IEnumerable<Ban> bans)
{
    private readonly HashSet<NodeId> _ids = [.. bans.Where(ban => ban.Id is not null).Select(ban => ban.Id!.Value)];
    private readonly AddressRangeSet _ranges = new([.. bans.Where(ban => ban.Range is not null).Select(ban => ban.Range!.Value)]);
    private readonly HashSet<string> _owners = [.. bans.Where(ban => ban.Owner is not null).Select(ban => ban.Owner!)];

    public static BanSet Empty { get; } = new([]);

    public bool Contains(NodeId id) => _ids.Count > 0 && _ids.Contains(id);

    public bool Contains(UdpEndpoint endpoint) => _ranges.Contains(endpoint);

    public bool Contains(Contact contact) => Contains(contact.Id) || Contains(contact.Endpoint);

    /// <summary>Whether a value is an item of a banned owner. Without such bans it costs nothing.</summary>
    public bool ContainsOwnerOf(DhtValue value) =>
        _owners.Count > 0
        && ItemEnvelope.Find(value) is { IsMutable: true } item
        && _owners.Contains(Convert.ToHexStringLower(item.PublicKey.Span));
}

internal sealed class BansInForce
{
    private volatile BanSet _set = BanSet.Empty;

    public BanSet Set { get => _set; set => _set = value; }
}

/// <summary>A ban in force.</summary>
/// <param name="Ban">What is banned.</param>
/// <param name="Since">When it was banned.</param>
public sealed record BanEntry(Ban Ban, DateTimeOffset Since)
{
    /// <summary>Bans that this release cannot read are left out.</summary>
    internal static IReadOnlyList<BanEntry> Read(IEnumerable<(string Ban, DateTimeOffset Since)> bans) =>
        [.. bans.SelectMany(entry => Ban.TryParse(entry.Ban, out var ban) ? new[] { new BanEntry(ban, entry.Since) } : [])];
}

internal static class BanBook
{
    /// <summary>All bans are sent to each edge at each change: some 50 kB.</summary>
    public const int MaxBans = 1_024;

    /// <summary>The list with a ban; null if it has it already. The DHT's own ids cannot be banned.</summary>
    public static IReadOnlyList<BanEntry>? Add(IReadOnlyList<BanEntry> bans, Ban ban, IEnumerable<NodeId> own, DateTimeOffset now)
    {
        if (bans.Any(entry => entry.Ban == ban))
        {
            return null;
        }

        if (ban.Id is { } id && own.Contains(id))
        {
            throw new ArgumentException($"The ban is '{ban}', an id of this DHT itself; ids of others can be banned.");
        }

        return bans.Count < MaxBans
            ? [.. bans, new BanEntry(ban, now)]
            : throw new ArgumentException($"There are {bans.Count} bans, which is the most; ban a wider range in place of several.");
    }

    public static IReadOnlyList<BanEntry>? Remove(IReadOnlyList<BanEntry> bans, Ban ban) =>
        bans.Any(entry => entry.Ban == ban) ? [.. bans.Where(entry => entry.Ban != ban)] : null;
}

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

        // A mapped address with a prefix that ends before it starts would be neither family's.
        var hasLength = AddressText.TryParseOctet(text.AsSpan(slash + 1), out var bits);
        var length = slash < 0 ? 128 : bits + (address.Contains(':') ? 0 : MappedBits);
        if ((slash >= 0 && !hasLength) || length > 128 || (first.IsIPv4 && length < MappedBits))
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

    public int PrefixLength => IsIPv4 ? _length - MappedBits : _length;

    public static AddressRange Of(UdpEndpoint endpoint, int prefixLength)
    {
        var length = endpoint.IsIPv4 ? prefixLength + MappedBits : prefixLength;
        return new AddressRange(Mask(endpoint, length), length);
    }

    public override string ToString() => $"{AddressText.Format(_first)}/{PrefixLength}";

    private static UdpEndpoint Mask(UdpEndpoint endpoint, int length) =>
        UdpEndpoint.FromHalves(endpoint.AddressHigh & TopBits(length), endpoint.AddressLow & TopBits(length - 64), 0);

    private static ulong TopBits(int count) => count <= 0 ? 0 : ulong.MaxValue << (64 - Math.Min(count, 64));
}

/// <summary>One hash for each length of prefix. Immutable.</summary>
internal sealed class AddressRangeSet(IEnumerable<AddressRange> ranges)
{
    private readonly HashSet<AddressRange> _ranges = [.. ranges];
    private readonly int[] _lengths4 = [.. ranges.Where(range => range.IsIPv4).Select(range => range.PrefixLength).Distinct()];
    private readonly int[] _lengths6 = [.. ranges.Where(range => !range.IsIPv4).Select(range => range.PrefixLength).Distinct()];

    public static AddressRangeSet Empty { get; } = new([]);

    public static AddressRangeSet Parse(IEnumerable<string> texts) => new([.. texts.Select(AddressRange.Parse)]);

    public bool Contains(UdpEndpoint endpoint)
    {
        foreach (var length in endpoint.IsIPv4 ? _lengths4 : _lengths6)
        {
            if (_ranges.Contains(AddressRange.Of(endpoint, length)))
            {
                return true;
            }
        }

        return false;
    }
}
