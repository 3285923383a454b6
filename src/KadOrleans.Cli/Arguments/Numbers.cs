using System.Numerics;

namespace KadOrleans.Cli;

public static class Numbers
{
    /// <summary>What a number is in sentences.</summary>
    public const string Whole = "a whole number";

    /// <summary>What a time is in sentences.</summary>
    public const string Seconds = "a whole number of seconds";

    public static int ParseWhole(string name, string text, int least, int most, string what = Whole) =>
        Parse(name, text, NumberStyles.AllowLeadingSign, least, most, what);

    /// <summary>A time in whole seconds.</summary>
    public static TimeSpan ParseSeconds(string name, string text, int least, int most) =>
        TimeSpan.FromSeconds(ParseWhole(name, text, least, most, Seconds));

    public static T Parse<T>(string name, string text, NumberStyles styles, T least, T most, string what)
        where T : INumber<T> => T.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
        ? number
        : throw CommandException.WrongUsage(string.Create(
            CultureInfo.InvariantCulture, $"{name} is '{text}'; {what} is needed, {least} to {most}."));
}

/// <summary>An option with a whole number within bounds, which its description has, and a default.</summary>
internal sealed class NumberOption : Option<string?>
{
    private readonly (int Least, int Most, int ByDefault) _bounds;
    private readonly string _what;

    /// <summary>What: the number with its unit, such as 'a whole number of seconds', for the sentence to who gives another.</summary>
    public NumberOption(string name, string description, int least, int most, int byDefault, string what = Numbers.Whole)
        : base(name)
    {
        (_bounds, _what) = ((least, most, byDefault), what);
        Description = string.Create(CultureInfo.InvariantCulture, $"{description}, {least} to {most}. [default: {byDefault}]");
        HelpName = "N";
    }

    public int Read(ParseResult parsed) => parsed.GetValue(this) is { } text
        ? Numbers.ParseWhole(Name, text, _bounds.Least, _bounds.Most, _what)
        : _bounds.ByDefault;
}
