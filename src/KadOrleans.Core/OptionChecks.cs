using System.Reflection;

namespace KadOrleans.Core;

// Finds options out of bounds. A problem names the setting, its value and what is allowed. The separator replaces dots in names.
internal sealed class OptionChecks(string prefix, char separator)
{
    /// <summary>The longest that held values may stay without being sent again.</summary>
    internal static readonly TimeSpan LongestRepublishInterval =
        (TimeSpan)typeof(KademliaOptions).GetProperty(nameof(KademliaOptions.RepublishInterval))!.GetCustomAttribute<WithinAttribute>()!.Most;

    public List<string> Problems { get; } = [];

    public void Within<T>(string setting, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            Problems.Add($"{Name(setting)} is {value}; {least} to {most} is allowed.");
        }
    }

    public void Add(string setting, string value, string allowed) => Problems.Add($"{Name(setting)} is '{value}'; {allowed}.");

    /// <summary>Checks the options that have a <see cref="WithinAttribute"/>, and those of options in them.</summary>
    /// <param name="options">The options; of a null nothing is checked.</param>
    /// <param name="section">What stands before their names, with a dot behind it.</param>
    public void CheckBounds(object? options, string section = "")
    {
        foreach (var property in options?.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance) ?? [])
        {
            if (property.GetCustomAttribute<WithinAttribute>() is { } bounds)
            {
                var value = property.GetValue(options);
                if (!bounds.Allows(value))
                {
                    Problems.Add(string.Create(CultureInfo.InvariantCulture, $"{Name(section + property.Name)} is {value}; {bounds.Allowed}."));
                }
            }
            else if (HasBounds(property.PropertyType))
            {
                CheckBounds(property.GetValue(options), $"{section}{property.Name}.");
            }
        }
    }

    /// <summary>Checks what the intervals of upkeep say of each other, if all options are within their bounds.</summary>
    public void CheckIntervals(KademliaOptions options)
    {
        var bounds = new OptionChecks(string.Empty, '.');
        bounds.CheckBounds(options);
        if (bounds.Problems.Count > 0)
        {
            return;
        }

        // Whoever wants short lives alone need not shorten the interval, too: publishers send such values again themselves.
        if (options.RepublishInterval > new KademliaOptions().RepublishInterval
            && RepublishPolicy.ShortestLife(options) is var shortest
            && options.ValueTimeToLive < shortest)
        {
            Problems.Add($"{Name("Kademlia.RepublishInterval")} is {options.RepublishInterval} and {Name("Kademlia.ValueTimeToLive")} is "
                + $"{options.ValueTimeToLive}; with this interval a life of {shortest} or more is allowed, twice the interval and a sixth of it.");
        }
        else if (options.PublishInterval > new KademliaOptions().PublishInterval && options.PublishInterval >= options.ValueTimeToLive)
        {
            Problems.Add($"{Name("Kademlia.PublishInterval")} is {options.PublishInterval} and {Name("Kademlia.ValueTimeToLive")} is "
                + $"{options.ValueTimeToLive}; an interval shorter than the life is needed, else values end before they are published again.");
        }
    }

    public void CheckRanges(IEnumerable<string> ranges, string setting = "Trust")
    {
        foreach (var range in ranges.Where(range => !AddressRange.TryParse(range, out _)))
        {
            Add(setting, range, "an address range such as 10.0.0.0/8 or fd00::/8 is needed");
        }
    }

    private static bool HasBounds(Type type) =>
        type.IsClass && type.Assembly != typeof(object).Assembly && type.GetProperties().Any(property => property.IsDefined(typeof(WithinAttribute)));

    /// <summary>A setting's whole name, as a problem has it.</summary>
    public string Name(string setting) => prefix + setting.Replace('.', separator);
}
