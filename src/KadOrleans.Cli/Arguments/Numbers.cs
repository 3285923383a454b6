using System.Globalization;
using System.Numerics;

namespace KadOrleans.Cli.Arguments;

/// <summary>Numbers as they are typed, within limits. A mistake is a <see cref="CommandException"/> that names the option.</summary>
internal static class Numbers
{
    /// <summary>A whole number.</summary>
    /// <param name="name">The option, for the sentence.</param>
    /// <param name="text">The text as typed.</param>
    /// <param name="least">The least that is allowed.</param>
    /// <param name="most">The greatest.</param>
    public static int ParseWhole(string name, string text, int least, int most) =>
        Parse(name, text, NumberStyles.AllowLeadingSign, least, most, "a whole number");

    /// <summary>The same, and <paramref name="byDefault"/> where nothing was typed.</summary>
    public static int ParseWhole(string name, string? text, int least, int most, int byDefault) =>
        text is null ? byDefault : ParseWhole(name, text, least, most);

    /// <summary>A number of any type.</summary>
    /// <param name="name">The option, for the sentence.</param>
    /// <param name="text">The text as typed.</param>
    /// <param name="styles">How it may be typed.</param>
    /// <param name="least">The least that is allowed.</param>
    /// <param name="most">The greatest.</param>
    /// <param name="what">Such as 'a number', for the sentence.</param>
    public static T Parse<T>(string name, string text, NumberStyles styles, T least, T most, string what)
        where T : INumber<T> => T.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
        ? number
        : throw CommandException.WrongUsage(string.Create(
            CultureInfo.InvariantCulture, $"{name} is '{text}'; {what} is needed, {least} to {most}."));
}
