namespace KadOrleans.Tests.Lab;

/// <summary>What is mutated by <see cref="MutableAssemblyTests"/>.</summary>
public static class MutationSamples
{
    public static int IsBelowTen(int number)
    {
        if (number < 10)
        {
            return 20;
        }

        return 30;
    }

    public static bool IsTen(int number) => number == 10;

    public static bool IsAtMostTen(int number) => number <= 10;

    public static int Plus(int number) => number + number;

    public static bool Allows(int number) => number > 0 || AllowsNothing();

    public static int CountAfterAdd(int number)
    {
        var all = new List<int>();
        all.Add(number);
        return all.Count;
    }

    private static bool AllowsNothing() => false;
}
