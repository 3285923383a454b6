using System.Numerics;

namespace KadOrleans.Cli;

public static class Numbers
{
    public static int ParseWhole(string name, string text, int least, int most) =>
        Parse(name, text, NumberStyles.AllowLeadingSign, least, most, "a whole number");

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

    public NumberOption(string name, string description, int least, int most, int byDefault)
        : base(name)
    {
        _bounds = (least, most, byDefault);
        Description = string.Create(CultureInfo.InvariantCulture, $"{description}, {least} to {most}. [default: {byDefault}]");
        HelpName = "N";
    }

    public int Read(ParseResult parsed) => parsed.GetValue(this) is { } text
        ? Numbers.ParseWhole(Name, text, _bounds.Least, _bounds.Most)
        : _bounds.ByDefault;
}
