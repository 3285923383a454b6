namespace KadOrleans.Core.Admission;

/// <summary>Several ranges of addresses: those that an operator trusts.</summary>
public sealed class AddressRangeSet
{
    private readonly AddressRange[] _ranges;

    /// <summary>A set of the given ranges.</summary>
    public AddressRangeSet(IEnumerable<AddressRange> ranges)
    {
        _ranges = [.. ranges];
    }

    /// <summary>No range.</summary>
    public static AddressRangeSet Empty { get; } = new([]);

    /// <summary>The ranges as given.</summary>
    public IReadOnlyList<AddressRange> Ranges => _ranges.AsReadOnly();

    /// <summary>Parses each text as <see cref="AddressRange.Parse"/> does.</summary>
    /// <exception cref="FormatException">One of them is no range; the message names it.</exception>
    public static AddressRangeSet Parse(IEnumerable<string> texts) => new(texts.Select(AddressRange.Parse));

    /// <summary>Whether one of the ranges has the endpoint's address.</summary>
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
