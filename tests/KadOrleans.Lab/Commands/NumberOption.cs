using System.Numerics;

namespace KadOrleans.Lab;

/// <summary>An option that is a number within limits. A mistake names the option, the value and the limits.</summary>
/// <typeparam name="T">An integer or a double.</typeparam>
internal sealed class NumberOption<T> : Option<string?>
    where T : struct, INumber<T>
{
    private readonly T _least;
    private readonly T _most;
    private readonly T? _standard;

    public NumberOption(string name, string shape, T least, T most, string description, T? standard = null, string? byDefault = null)
        : base(name)
    {
        (_least, _most, _standard, HelpName) = (least, most, standard, shape);
        Description = $"{description}: {least} to {most}. [default: {byDefault ?? $"{standard}"}]";
    }

    /// <summary>The number that is given, else the default, if there is one.</summary>
    public T? Find(ParseResult parsed)
    {
        var isReal = typeof(T) == typeof(double);
        var styles = NumberStyles.AllowLeadingSign | (isReal ? NumberStyles.AllowDecimalPoint : NumberStyles.None);
        return parsed.GetValue(this) is { } text
            ? Numbers.Parse(Name, text, styles, _least, _most, isReal ? "a number" : "a whole number")
            : _standard;
    }

    public T Read(ParseResult parsed) => Find(parsed)!.Value;
}
