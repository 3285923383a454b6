namespace KadOrleans.Core;

/// <summary>The least and the most that an option may be. <see cref="OptionChecks"/> checks it, and a test compares the tables of docs with it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class WithinAttribute : Attribute
{
    public WithinAttribute(long least, long most) => (Least, Most) = (least, most);

    public WithinAttribute(double least, double most) => (Least, Most) = (least, most);

    /// <summary>Of a time, as <c>00:00:10</c>.</summary>
    public WithinAttribute(string least, string most) =>
        (Least, Most) = (TimeSpan.Parse(least, CultureInfo.InvariantCulture), TimeSpan.Parse(most, CultureInfo.InvariantCulture));

    /// <summary>The least: a <see cref="long"/>, a <see cref="double"/> or a <see cref="TimeSpan"/>.</summary>
    public IComparable Least { get; }

    /// <summary>The most, of the same type.</summary>
    public IComparable Most { get; }

    /// <summary>Whether zero is allowed too. It means none, or no bound.</summary>
    public bool OrZero { get; init; }

    /// <summary>What is allowed, for a sentence.</summary>
    public string Allowed => string.Create(CultureInfo.InvariantCulture, $"{Least} to {Most}{(OrZero ? ", or 0," : string.Empty)} is allowed");

    /// <summary>Whether an option may have the value. Null stands for a default, which it may.</summary>
    public bool Allows(object? value)
    {
        var comparable = value is int number ? (long)number : value;
        return comparable is null
            || (Least.CompareTo(comparable) <= 0 && Most.CompareTo(comparable) >= 0)
            || (OrZero && comparable is (0L or 0.0 or TimeSpan { Ticks: 0 }));
    }
}
