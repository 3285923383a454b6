using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.CompilerServices;

namespace KadOrleans.Core;

/// <summary>
/// An IP address and UDP port as one comparable value. IPv4 is kept in its IPv6-mapped form, so <c>1.2.3.4</c> and
/// <c>::ffff:1.2.3.4</c> are the same endpoint; it is always written as plain IPv4. Scope and flow are not kept:
/// the wire protocol never carries them.
/// </summary>
public readonly record struct UdpEndpoint
{
    /// <summary>What is allowed where to listen, without a full stop.</summary>
    internal const string Needed = "IP:PORT is needed, such as 0.0.0.0:8468 or [::]:8468, with a port of 1 to 65535, or 0 for any free one";

    private const ulong MappedPrefix = 0xFFFF_0000_0000;

    private readonly ulong _high;
    private readonly ulong _low;

    private UdpEndpoint(ulong high, ulong low, ushort port) => (_high, _low, Port) = (high, low, port);

    /// <summary>The UDP port, 0 to 65535. No contact has port 0.</summary>
    public ushort Port { get; }

    /// <summary>Whether the address is IPv4, given as such or mapped into IPv6.</summary>
    public bool IsIPv4 => _high == 0 && (_low >> 32) == MappedPrefix >> 32;

    /// <summary>127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => IsIPv4 ? (byte)(_low >> 24) == 127 : _high == 0 && _low == 1;

    /// <summary>169.254.0.0/16 or fe80::/10: reachable on one link only.</summary>
    public bool IsLinkLocal => IsIPv4 ? (ushort)(_low >> 16) == 0xA9FE : (_high >> 54) == 0xFE80 >> 6;

    /// <summary>An address of a private network: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fc00::/7.</summary>
    public bool IsPrivate => IsIPv4
        ? (byte)(_low >> 24) == 10 || (uint)_low >> 20 == 0xAC1 || (ushort)(_low >> 16) == 0xC0A8
        : (_high >> 57) == 0xFC >> 1;

    /// <summary>Whether the address is loopback, link-local or private: it says nothing of who owns it.</summary>
    internal bool IsLocal => IsLoopback || IsLinkLocal || IsPrivate;

    /// <summary>
    /// An address of no public host and of no private network either (RFC 6890, RFC 9637). IPv4: documentation (192.0.2.0/24,
    /// 198.51.100.0/24, 203.0.113.0/24), shared address space (100.64.0.0/10), benchmarking (198.18.0.0/15), IETF protocols
    /// (192.0.0.0/24), 6to4 relays (192.88.99.0/24). IPv6: documentation (2001:db8::/32, 3fff::/20), IETF protocols (2001::/23),
    /// IPv4-compatible (::/96), discard-only (100::/64), site-local (fec0::/10), and all that <see cref="IsTranslated"/> names.
    /// </summary>
    public bool IsSpecialPurpose => IsIPv4
        ? (uint)_low >> 8 is 0xC0_00_02 or 0xC6_33_64 or 0xCB_00_71 or 0xC0_00_00 or 0xC0_58_63
            || (uint)_low >> 22 == 0x64_40 >> 6 || (uint)_low >> 17 == 0xC6_12 >> 1
        : _high >> 32 == 0x2001_0DB8 || _high >> 44 == 0x3FFF_0 || _high >> 41 == 0x2001_0000 >> 9
            || (_high == 0 && _low >> 32 == 0) || _high == 0x0100_0000_0000_0000 || _high >> 54 == 0xFEC0 >> 6 || IsTranslated;

    /// <summary>
    /// An IPv6 address that stands for an IPv4 one behind a translator or a tunnel: NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 6to4
    /// (2002::/16) or Teredo (2001::/32). The IPv4 address may be private, and the host itself may be anywhere.
    /// </summary>
    public bool IsTranslated => (_high == 0x0064_FF9B_0000_0000 && _low >> 32 == 0)
        || _high >> 16 == 0x0064_FF9B_0001 || _high >> 48 == 0x2002 || _high >> 32 == 0x2001_0000;

    /// <summary>
    /// Whether one node can be reached here: a port other than 0, and an address that is neither unspecified
    /// (0.0.0.0/8, ::) nor multicast, broadcast or reserved.
    /// </summary>
    public bool IsUnicast => Port != 0 && (IsIPv4
        ? (byte)(_low >> 24) is > 0 and < 224
        : (_high | _low) != 0 && (_high >> 56) != 0xFF);

    /// <summary>Refuses an endpoint that no node can have.</summary>
    /// <exception cref="ArgumentException"><see cref="IsUnicast"/> is false.</exception>
    public void ThrowIfNotUnicast()
    {
        if (!IsUnicast)
        {
            throw new ArgumentException($"The endpoint is {this}; a unicast address with a port of 1 to 65535 is allowed.");
        }
    }

    /// <summary>The upper 64 bits of the address in its IPv6 or IPv6-mapped form.</summary>
    public ulong AddressHigh => _high;

    /// <summary>The lower 64 bits of the address in its IPv6 or IPv6-mapped form.</summary>
    public ulong AddressLow => _low;

    /// <summary>Takes an IPv4 address in host byte order: 127.0.0.1 is 0x7F000001.</summary>
    public static UdpEndpoint FromIPv4(uint address, ushort port) => new(0, MappedPrefix | address, port);

    /// <summary>Takes the 16 bytes of an IPv6 address, which may be a mapped IPv4 one.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="address"/> is shorter than that.</exception>
    public static UdpEndpoint FromIPv6(ReadOnlySpan<byte> address, ushort port) => new(
        BinaryPrimitives.ReadUInt64BigEndian(address),
        BinaryPrimitives.ReadUInt64BigEndian(address[8..]),
        port);

    internal static UdpEndpoint FromHalves(ulong high, ulong low, ushort port) => new(high, low, port);

    /// <summary>Takes an address of the base library, dropping its scope.</summary>
    /// <exception cref="OverflowException"><paramref name="port"/> is not 0 to 65535.</exception>
    public static UdpEndpoint FromIPAddress(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), checked((ushort)port))
            : FromIPv6(bytes, checked((ushort)port));
    }

    /// <summary>The address for the base library; IPv4 where <see cref="IsIPv4"/>.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteIPv6(bytes);
        return new IPAddress(IsIPv4 ? bytes[12..] : bytes);
    }

    /// <summary>Writes the 16 bytes of the IPv6 or IPv6-mapped form.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="destination"/> is shorter than that.</exception>
    public void WriteIPv6(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
    }

    /// <summary>This address with another port.</summary>
    public UdpEndpoint WithPort(ushort port) => new(_high, _low, port);

    /// <summary>Parses <c>1.2.3.4:80</c> or <c>[::1]:80</c>; literals only, no host names, no scope.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out UdpEndpoint endpoint)
    {
        endpoint = default;
        if (text is null || text.LastIndexOf(':') is var colon && colon <= 0)
        {
            return false;
        }

        var host = text.AsSpan(0, colon);
        var bracketed = host is ['[', .., ']'];
        host = bracketed ? host[1..^1] : host;

        // Parsing alone would take zero characters behind the digits.
        var port = text.AsSpan(colon + 1);
        return bracketed == host.Contains(':')
            && !port.ContainsAnyExceptInRange('0', '9')
            && ushort.TryParse(port, out var number)
            && AddressText.TryParse(host, number, out endpoint);
    }

    /// <summary>Parses as <see cref="TryParse"/> does.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is not of that form.</exception>
    public static UdpEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var endpoint)
            ? endpoint
            : throw new FormatException($"'{text}' is not an endpoint; {Needed}.");
    }

    /// <summary>Under a secret of the process: a stranger who forges sources cannot choose ones that collide.</summary>
    public override int GetHashCode() => GetHashCode(UniversalHash.OfProcess);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int GetHashCode(in UniversalHash hash) => hash.Compute(_high, _low, Port);

    /// <summary><c>1.2.3.4:80</c> or <c>[::1]:80</c>.</summary>
    public override string ToString() => IsIPv4 ? $"{AddressText.Format(this)}:{Port}" : $"[{AddressText.Format(this)}]:{Port}";
}

/// <summary>A remote node: its id and the endpoint it is reached at (Kademlia §2.2).</summary>
/// <param name="Id">The id it answers with.</param>
/// <param name="Endpoint">The source of its datagrams; the protocol advertises no other address.</param>
public readonly record struct Contact(NodeId Id, UdpEndpoint Endpoint)
{
    /// <summary><c>40 hex digits@address:port</c>.</summary>
    public override string ToString() => $"{Id}@{Endpoint}";
}
