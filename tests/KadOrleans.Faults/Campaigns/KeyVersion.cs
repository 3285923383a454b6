using System.Globalization;
using KadOrleans.Core.Values;

namespace KadOrleans.Faults.Campaigns;

/// <summary>The text that is stored as one version of a key: <c>key:version</c>.</summary>
internal static class KeyVersion
{
    /// <summary>The value of a version.</summary>
    public static DhtValue ToValue(int key, int version) =>
        DhtValue.FromString(string.Create(CultureInfo.InvariantCulture, $"{key}:{version}"));

    /// <summary>The version that a value is of; null for what is no version of this key.</summary>
    public static int? Read(int key, DhtValue value)
    {
        if (value.Kind != DhtValueKind.String || value.AsString().Split(':') is not [var of, var number])
        {
            return null;
        }

        return of == key.ToString(CultureInfo.InvariantCulture)
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                ? version
                : null;
    }
}
