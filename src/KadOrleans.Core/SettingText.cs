using System.ComponentModel;
using System.Reflection;

namespace KadOrleans.Core;

/// <summary>What is wrong with the text of a setting.</summary>
internal static class SettingText
{
    /// <summary>Says what is allowed, without a full stop; null if the text is a value of the type.</summary>
    public static string? FindProblem(Type type, string text) => type switch
    {
        { IsEnum: true } => Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase) ? null : $"{string.Join(", ", FirstNames(type))} are allowed",

        // .NET takes a number for days.
        _ when type == typeof(TimeSpan) && text.Trim() is not "0" and { Length: > 0 } number && number.All(char.IsAsciiDigit) =>
            "a time such as 00:00:10 is needed, as a number alone would be days",
        _ when type == typeof(IList<string>) || TypeDescriptor.GetConverter(type).IsValid(text) => null,
        _ when type == typeof(bool) => "true or false is allowed",
        _ when type == typeof(TimeSpan) => "a time such as 00:00:10 is needed",
        _ when type == typeof(double) => "a number is needed",
        _ when text.Length > 0 && text.All(char.IsAsciiDigit) && type.GetField(nameof(int.MaxValue))?.GetValue(null) is { } most =>
            $"a whole number of at most {most} is needed",
        _ => "a whole number is needed",
    };

    // Without the other names of the same value.
    private static IEnumerable<string> FirstNames(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .DistinctBy(name => name.GetRawConstantValue()).Select(name => name.Name);
}
