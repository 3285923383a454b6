using System.Reflection;

namespace KadOrleans.Cli;

/// <summary>A whole number for a property of some options, whose bounds and default its description has. Times are in seconds.</summary>
internal sealed class PropertyOption : Option<string?>
{
    // The unit of what has none.
    private const string Count = "N";

    private readonly string? _ofZero;
    private readonly long _least;
    private readonly long _most;
    private readonly long _byDefault;

    private PropertyOption(string name, string unit, string description, PropertyInfo property, long ofProperty, string? byDefault, string? ofZero)
        : base(name)
    {
        var bounds = property.GetCustomAttribute<WithinAttribute>() ?? throw new ArgumentException($"{property.Name} has no bounds.", nameof(property));
        (_least, _most, _byDefault, _ofZero) = (NumberOf(bounds.Least), NumberOf(bounds.Most), ofProperty, ofZero);
        HelpName = unit;
        Description = string.Create(CultureInfo.InvariantCulture, $"{description}, {Allowed}. [default: {byDefault ?? $"{ofProperty}"}]");
    }

    private string Needed => HelpName == Count ? Numbers.Whole : $"{Numbers.Whole} of {HelpName!.ToLowerInvariant()}";

    private string Allowed => string.Create(
        CultureInfo.InvariantCulture,
        $"{_least} {(_most == long.MaxValue ? "or more" : $"to {_most}")}{(_ofZero is null ? string.Empty : $"; 0 {_ofZero}")}");

    /// <summary>An option for a property of options that can be made without arguments.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="unit">What the number counts, as help shows it.</param>
    /// <param name="property">The property's name. It has a <see cref="WithinAttribute"/>.</param>
    /// <param name="description">What it is, without a dot at its end.</param>
    /// <param name="byDefault">The default in words, if it is not the property's own.</param>
    /// <param name="ofZero">What 0 does, as the end of a sentence; null if it is a number as others are.</param>
    public static PropertyOption Of<TOptions>(
        string name, string unit, string property, string description, string? byDefault = null, string? ofZero = null)
        where TOptions : new()
    {
        var found = typeof(TOptions).GetProperty(property)!;
        return new(name, unit, description, found, NumberOf(found.GetValue(new TOptions())!), byDefault, ofZero);
    }

    /// <summary>The number; the property's default if it is not given.</summary>
    public long Read(ParseResult parsed) => ReadGiven(parsed) ?? _byDefault;

    /// <summary>The number; null if it is not given.</summary>
    public long? ReadGiven(ParseResult parsed) => parsed.GetValue(this) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && ((number >= _least && number <= _most) || (number == 0 && _ofZero is not null)) ? number
        : throw CommandException.WrongUsage($"{Name} is '{text}'; {Needed} is needed, {Allowed}.");

    private static long NumberOf(object value) => value is TimeSpan time ? (long)time.TotalSeconds : Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
