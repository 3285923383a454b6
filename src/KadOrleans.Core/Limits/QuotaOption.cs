using System.Reflection;

namespace KadOrleans.Core;

/// <summary>An option of <see cref="StoreQuota"/> with what its attributes say.</summary>
internal sealed class QuotaOption
{
    private readonly PropertyInfo _property;

    private QuotaOption(PropertyInfo property) => (_property, Bounds, Limit) = (
        property, property.GetCustomAttribute<WithinAttribute>()!, property.GetCustomAttribute<LiveLimitAttribute>()!);

    /// <summary>All of them, in the order of the class.</summary>
    public static IReadOnlyList<QuotaOption> All { get; } =
    [
        .. typeof(StoreQuota).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.IsDefined(typeof(LiveLimitAttribute)))
            .Select(property => new QuotaOption(property)),
    ];

    public string Name => _property.Name;

    public WithinAttribute Bounds { get; }

    public LiveLimitAttribute Limit { get; }

    public long Read(StoreQuota quota) => Convert.ToInt64(_property.GetValue(quota), CultureInfo.InvariantCulture);

    /// <summary>The quota with another value of this option, which is within its bounds.</summary>
    public StoreQuota Change(StoreQuota quota, long value)
    {
        var changed = quota with { };
        _property.SetValue(changed, Convert.ChangeType(value, _property.PropertyType, CultureInfo.InvariantCulture));
        return changed;
    }
}
